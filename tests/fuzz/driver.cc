// Runs one fuzz body (LLVMFuzzerTestOneInput) where libFuzzer is not at hand:
//   fuzz_READER CORPUS [--dictionary FILE] [--mutations N]
//       every file of CORPUS, then N damaged copies of each, the same on every machine
//   fuzz_READER CORPUS … --seconds S --keep FOLDER
//       then for S seconds damaged copies of the files and of what took a new branch, which FOLDER keeps
// An input that ends the program, or takes a minute, is kept as crash-fuzz_READER, beside FOLDER where there is one.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <xxhash.h>

#include "tests/fuzz/coverage.h"
#include "tests/fuzz/dictionary.h"
#include "tests/fuzz/mutator.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace driftserve {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kHangSeconds = 60;
constexpr size_t kLargestInput = 1 << 20;

std::string input, crash_path;  // global: the handler of a crash has nothing else

void KeepInput() {
  const int file = open(crash_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  const bool kept = write(file, input.data(), input.size()) == static_cast<ssize_t>(input.size());
  close(file);
  if (kept) std::fprintf(stderr, "fuzz: the input is %s, %zu bytes\n", crash_path.c_str(), input.size());
}

void OnSignal(int signal) {
  KeepInput();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void KeepInputOfCrashes() {
  for (const int signal : {SIGABRT, SIGALRM}) std::signal(signal, OnSignal);
  if (__sanitizer_set_death_callback != nullptr) return __sanitizer_set_death_callback(KeepInput);
  for (const int signal : {SIGSEGV, SIGFPE, SIGBUS, SIGILL}) std::signal(signal, OnSignal);
}

struct Arguments {
  std::string corpus, keep;
  std::vector<std::string> dictionary;
  uint64_t mutations = 0;
  int64_t seconds = 0;
};

Arguments Parse(int count, char** words) {
  Require(count >= 2 && count % 2 == 0, "CORPUS [--dictionary FILE] [--mutations N] [--seconds S --keep FOLDER]");
  Arguments arguments;
  arguments.corpus = words[1];
  for (int i = 2; i < count; i += 2) {
    const std::string flag = words[i];
    if (flag == "--dictionary") arguments.dictionary = ReadDictionary(words[i + 1]);
    else if (flag == "--mutations") arguments.mutations = std::stoull(words[i + 1]);
    else if (flag == "--seconds") arguments.seconds = std::stoll(words[i + 1]);
    else if (flag == "--keep") arguments.keep = words[i + 1];
    else Require(false, "a flag that is known");
  }
  Require(arguments.seconds == 0 || !arguments.keep.empty(), "--keep with --seconds");
  return arguments;
}

/// The files of a folder in order of name; nothing where there is no folder.
std::vector<std::string> ReadFolder(const std::string& folder) {
  std::vector<fs::path> paths;
  if (fs::exists(folder)) paths.assign(fs::directory_iterator(folder), fs::directory_iterator());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> files;
  for (const fs::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return files;
}

void Run(std::string bytes) {
  input = std::move(bytes);
  alarm(kHangSeconds);
  // In memory of its own size, so that reading past its end is seen.
  const std::vector<uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  alarm(0);
}

void Search(const Arguments& arguments, std::vector<std::string> pool, const std::vector<std::string_view>& tokens) {
  using Clock = std::chrono::steady_clock;
  fs::create_directories(arguments.keep);
  for (std::string& kept : ReadFolder(arguments.keep)) pool.push_back(std::move(kept));
  for (const std::string& known : pool) Run(known);
  NewBranches();
  Mutator mutator(static_cast<uint64_t>(Clock::now().time_since_epoch().count()));
  uint64_t runs = 0, found = 0;
  for (const auto end = Clock::now() + std::chrono::seconds(arguments.seconds); Clock::now() < end; ++runs) {
    // What came last is damaged more often: it leads on.
    const uint64_t back = mutator.Below(2) == 0 ? mutator.Below(std::min<size_t>(pool.size(), 32))
                                                : mutator.Below(pool.size());
    std::string damaged = mutator.Mutate(pool[pool.size() - 1 - back], tokens);
    if (damaged.size() > kLargestInput) continue;
    Run(damaged);
    if (NewBranches() == 0) continue;
    ++found;
    const uint64_t name = XXH3_64bits(damaged.data(), damaged.size());
    std::ofstream(fs::path(arguments.keep) / std::to_string(name), std::ios::binary) << damaged;
    pool.push_back(std::move(damaged));
  }
  std::printf("%ld s, %ju damaged inputs, %ju took a new branch, %zu in the pool\n", arguments.seconds, runs, found,
              pool.size());
}

int Main(int count, char** words) {
  const Arguments arguments = Parse(count, words);
  crash_path = (arguments.keep.empty() ? "" : arguments.keep + "-") + "crash-" + fs::path(words[0]).filename().string();
  KeepInputOfCrashes();
  const std::vector<std::string> corpus = ReadFolder(arguments.corpus);
  Require(!corpus.empty(), "files in the corpus");
  const std::vector<std::string_view> tokens(arguments.dictionary.begin(), arguments.dictionary.end());
  for (const std::string& seed : corpus) {
    Run(seed);
    Mutator mutator(XXH3_64bits(seed.data(), seed.size()));
    for (uint64_t i = 0; i < arguments.mutations; ++i) Run(mutator.Mutate(seed, tokens));
  }
  std::printf("%zu files, %ju inputs: %ju read, %ju refused\n", corpus.size(), inputs_read + inputs_refused,
              inputs_read, inputs_refused);
  Require(inputs_read > 0 && inputs_refused > 0, "some inputs to be read and some to be refused");
  if (arguments.seconds > 0) Search(arguments, corpus, tokens);
  return 0;
}

}  // namespace
}  // namespace driftserve

int main(int count, char** words) { return driftserve::Main(count, words); }
