#include "server/control/model_controller.h"

#include <filesystem>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/model_repository.h"
#include "tests/repository/scratch_folder.h"

namespace driftserve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kConfig[] =
    "max_batch_size: 2\ninput { name: \"x\" data_type: TYPE_FP32 dims: [ 1 ] }\noutput { name: \"y\" data_type: "
    "TYPE_FP32 dims: [ 1 ] }\n";

class NoGraph : public Graph {
  absl::Status Run(absl::Span<const BatchItem>, TensorList&) override { return absl::OkStatus(); }
};
class NoExecutable : public Executable {
  absl::StatusOr<std::unique_ptr<Graph>> NewGraph() override { return std::make_unique<NoGraph>(); }
  bool writes_own_state() const override { return false; }
};
class NoLoader : public Loader {
  absl::StatusOr<std::shared_ptr<Executable>> Load(const LoadRequest&) override {
    return std::make_shared<NoExecutable>();
  }
  absl::StatusOr<ModuleSignature> Signature(const std::string&, const std::string&) override {
    return ModuleSignature{};
  }
  int DeviceCount(DeviceKind kind) const override { return kind == DeviceKind::kCpu ? 1 : 0; }
};

// Files that contain "crash", "slow" or "wrong" do as they say.
class ScriptedTrial : public Trial {
 public:
  absl::Status Try(const LoadRequest& request, const ModelSettings&) override {
    if (*request.bytes == "crash") return absl::AbortedError(request.file + ": crashed with signal 11 while loading");
    if (*request.bytes == "slow") return absl::DeadlineExceededError(request.file + ": took too long");
    if (*request.bytes == "wrong") return absl::InvalidArgumentError(request.file + ": expected an archive");
    if (*request.bytes == "wait") {
      std::unique_lock lock(mutex_);
      waiting_ = true;
      changed_.notify_all();
      changed_.wait(lock, [this] { return cancelled_ || released_; });
      if (cancelled_) return absl::CancelledError("cancelled");
    }
    return absl::OkStatus();
  }
  absl::StatusOr<ModuleSignature> Signature(const std::string&, FileContent) override { return ModuleSignature{}; }
  void Cancel() override { Set(cancelled_); }
  void Release() { Set(released_); }
  void AwaitWaiting() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_; });
  }

 private:
  void Set(bool& what) {
    const std::lock_guard lock(mutex_);
    what = true;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false, released_ = false, waiting_ = false;
};

// Remembers, in order, what it was told.
class RecordingHost : public ModelHost {
 public:
  absl::Status Prepare(const std::shared_ptr<Model>& model) override {
    Note("prepare", *model);
    return prepare;
  }
  void Watch(const Model& model) override { Note("watch", model); }
  void Unwatch(const Model& model) override { Note("unwatch", model); }
  void SetServing(const std::string& name, bool serving) override {
    notes.push_back((serving ? "serving " : "not serving ") + name);
  }
  void Settle() override { notes.push_back("settle"); }
  void Release(Model& model) override { Note("release", model); }

  std::vector<std::string> notes;
  absl::Status prepare;

 private:
  void Note(const std::string& what, const Model& model) {
    notes.push_back(what + " " + model.settings.name + "/" + model.version_text);
  }
};

class ModelControllerTest : public ::testing::Test {
 protected:
  ModelControllerTest() { config_.repository.path = folder_.path(); }

  void Write(const std::string& model, int version, const std::string& content) {
    fakes::WriteFile(folder_ / model + "/config.pbtxt", kConfig);
    fakes::WriteFile(folder_ / model + "/" + std::to_string(version) + "/model.pt", content);
  }
  absl::Status Start(ControlMode mode, const std::vector<std::string>& names) {
    auto trial = std::make_unique<ScriptedTrial>();
    trial_ = trial.get();
    repository_ = std::make_unique<Repository>(config_, 1, &loader_, &clock_, std::move(trial));
    control_ = std::make_unique<ModelController>(ControlSettings{mode}, repository_.get(), &registry_, &host_, &clock_,
                                                 nullptr);
    return control_->Start(names);
  }
  absl::Status Load(const std::string& name, LoadOverrides overrides = {}) {
    return control_->Load(name, std::move(overrides), nullptr);
  }
  absl::StatusOr<std::shared_ptr<Model>> Served(const std::string& name, const std::string& version = "") {
    return registry_.Current()->Find(name, version);
  }
  std::vector<std::string> Index() {
    std::vector<std::string> rows;
    for (const VersionState& row : control_->Index()) {
      rows.push_back(row.name + "/" + row.version + " " + row.state + " " + row.reason);
    }
    return rows;
  }
  uint64_t Loads(const std::string& model, const std::string& outcome, const std::string& reason = "") {
    for (const LoadCount& load : control_->Loads()) {
      if (load.model == model && load.outcome == outcome && load.reason == reason) return load.count;
    }
    return 0;
  }

  ScratchFolder folder_;
  ServerConfig config_;
  FakeClock clock_;
  NoLoader loader_;
  ScriptedTrial* trial_ = nullptr;
  RecordingHost host_;
  Registry registry_;
  std::unique_ptr<Repository> repository_;
  std::unique_ptr<ModelController> control_;
};

TEST_F(ModelControllerTest, AModelIsPreparedAndWatchedBeforeItServes) {
  Write("m", 1, "a");
  ASSERT_TRUE(Start(ControlMode::kNone, {"m"}).ok());
  EXPECT_THAT(host_.notes, ElementsAre("prepare m/1", "watch m/1", "serving m", "settle"));
  EXPECT_TRUE(Served("m").ok());
  EXPECT_THAT(Index(), ElementsAre("m/1 READY "));
  EXPECT_EQ(Loads("m", "ok"), 1u);
}

TEST_F(ModelControllerTest, EveryFaultOfEveryModelEndsTheStart) {
  Write("a", 1, "wrong");
  Write("b", 1, "crash");
  EXPECT_THAT(Start(ControlMode::kNone, {"a", "b"}).message(),
              ::testing::AllOf(HasSubstr("a/1/model.pt: expected an archive"), HasSubstr("b/1/model.pt: crashed")));
}

TEST_F(ModelControllerTest, AReloadServesTheNewAndLetsGoOfTheOldWhenItIsDone) {
  Write("m", 1, "a");
  ASSERT_TRUE(Start(ControlMode::kExplicit, {"m"}).ok());
  std::shared_ptr<Model> in_flight = *Served("m");
  host_.notes.clear();
  Write("m", 1, "b");
  ASSERT_TRUE(Load("m").ok());
  EXPECT_NE(*Served("m"), in_flight);
  EXPECT_THAT(host_.notes, ElementsAre("prepare m/1", "watch m/1", "serving m", "settle", "unwatch m/1"));
  host_.notes.clear();
  in_flight.reset();
  control_->Poll();
  EXPECT_THAT(host_.notes, ElementsAre("release m/1"));
}

TEST_F(ModelControllerTest, WhatHasNotChangedStaysAsItIs) {
  Write("m", 1, "a");
  ASSERT_TRUE(Start(ControlMode::kExplicit, {"m"}).ok());
  const std::shared_ptr<Model> before = *Served("m");
  host_.notes.clear();
  ASSERT_TRUE(Load("m").ok());
  EXPECT_EQ(*Served("m"), before);
  EXPECT_THAT(host_.notes, IsEmpty());
  EXPECT_EQ(Loads("m", "unchanged"), 1u);
}

TEST_F(ModelControllerTest, ANewVersionTakesOverFromTheLatest) {
  Write("m", 1, "a");
  ASSERT_TRUE(Start(ControlMode::kExplicit, {"m"}).ok());
  Write("m", 2, "b");
  ASSERT_TRUE(Load("m").ok());
  EXPECT_EQ((*Served("m"))->version, 2);
  EXPECT_EQ(Served("m", "1").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Index(), ElementsAre("m/2 READY "));
}

TEST_F(ModelControllerTest, ALoadThatFailsLeavesWhatIsServed) {
  Write("m", 1, "a");
  ASSERT_TRUE(Start(ControlMode::kExplicit, {"m"}).ok());
  const std::shared_ptr<Model> before = *Served("m");
  const std::vector<std::tuple<std::string, absl::StatusCode, std::string>> faults = {
      {"crash", absl::StatusCode::kAborted, "crashed"},
      {"slow", absl::StatusCode::kDeadlineExceeded, "timed_out"},
      {"wrong", absl::StatusCode::kInvalidArgument, "invalid"}};
  for (const auto& [content, code, reason] : faults) {
    Write("m", 1, content);
    EXPECT_EQ(Load("m").code(), code);
    EXPECT_EQ(*Served("m"), before);
    EXPECT_EQ(Loads("m", "failed", reason), 1u);
  }
  EXPECT_THAT(Index(), ElementsAre(HasSubstr("m/1 READY the last load failed: ")));
  Write("m", 1, "b");
  EXPECT_TRUE(Load("m").ok());
  EXPECT_THAT(Index(), ElementsAre("m/1 READY "));
}

TEST_F(ModelControllerTest, WhatFailsOnWarmingIsReleasedAndLeavesWhatIsServed) {
  Write("m", 1, "a");
  ASSERT_TRUE(Start(ControlMode::kExplicit, {"m"}).ok());
  const std::shared_ptr<Model> before = *Served("m");
  host_.prepare = absl::InternalError("no");
  host_.notes.clear();
  Write("m", 1, "b");
  EXPECT_EQ(Load("m").code(), absl::StatusCode::kInternal);
  EXPECT_THAT(host_.notes, ElementsAre("prepare m/1", "release m/1"));
  EXPECT_EQ(*Served("m"), before);
}

TEST_F(ModelControllerTest, AModelThatNeverLoadedIsUnavailableWithItsReason) {
  ASSERT_TRUE(Start(ControlMode::kExplicit, {}).ok());
  Write("m", 1, "wrong");
  EXPECT_THAT(Index(), ElementsAre("m/ UNAVAILABLE not loaded"));
  EXPECT_FALSE(Load("m").ok());
  EXPECT_THAT(Index(), ElementsAre(HasSubstr("m/ UNAVAILABLE the last load failed: ")));
  EXPECT_EQ(Served("m").status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ModelControllerTest, AnUnloadedModelIsUnavailableAndLoadsAgain) {
  Write("m", 1, "a");
  ASSERT_TRUE(Start(ControlMode::kExplicit, {"m"}).ok());
  std::shared_ptr<Model> in_flight = *Served("m");
  ASSERT_TRUE(control_->Unload("m", nullptr).ok());
  EXPECT_EQ(Served("m").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Index(), ElementsAre("m/1 UNLOADING "));
  in_flight.reset();
  control_->Poll();
  EXPECT_THAT(Index(), ElementsAre("m/1 UNAVAILABLE unloaded"));
  EXPECT_TRUE(control_->Unload("m", nullptr).ok()) << "once more is no mistake";
  EXPECT_EQ(control_->Unload("n", nullptr).code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(Load("m").ok());
  EXPECT_TRUE(Served("m").ok());
}

TEST_F(ModelControllerTest, NamesAndFilesOfARequestMayNotLeaveTheModel) {
  ASSERT_TRUE(Start(ControlMode::kExplicit, {}).ok());
  for (const char* name : {"../m", "..", ".", "a/b", ""}) {
    EXPECT_EQ(Load(name).code(), absl::StatusCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(Load("nosuch").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Loads("", "failed", "invalid"), 5u) << "a name that is no model is no label";
  EXPECT_EQ(Loads("", "failed", "not_found"), 1u);
  const auto content = std::make_shared<const std::string>("a");
  for (const char* file : {"../1/model.pt", "1/../model.pt", "1/", "x/model.pt", "0/model.pt", "model.pt", "1/.."}) {
    const absl::Status status = Load("m", {kConfig, {{file, content}}});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << file;
    EXPECT_THAT(status.message(), HasSubstr("expected `file:<version>/<name>`"));
  }
}

TEST_F(ModelControllerTest, ARequestMayBringConfigurationAndFiles) {
  Write("m", 1, "a");
  ASSERT_TRUE(Start(ControlMode::kExplicit, {"m"}).ok());
  ASSERT_TRUE(Load("m", {std::string(kConfig) + "instance_group { count: 3 }", {}}).ok());
  EXPECT_EQ((*Served("m"))->settings.instance_count, 3);
  const auto content = std::make_shared<const std::string>("b");
  EXPECT_THAT(Load("m", {"", {{"7/model.pt", content}}}).message(), HasSubstr("expected `config` beside"));
  ASSERT_TRUE(Load("m", {kConfig, {{"7/model.pt", content}}}).ok());
  EXPECT_EQ((*Served("m"))->version, 7);
  EXPECT_EQ(Served("m", "1").status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(Load("m").ok());
  EXPECT_EQ((*Served("m"))->version, 1) << "without overrides the repository counts again";
  ASSERT_TRUE(Load("sent", {kConfig, {{"1/model.pt", content}}}).ok()) << "a model that the repository does not have";
  EXPECT_TRUE(Served("sent").ok());
}

TEST_F(ModelControllerTest, PollFollowsTheFolder) {
  Write("a", 1, "a");
  Write("b", 1, "b");
  ASSERT_TRUE(Start(ControlMode::kPoll, {"a", "b"}).ok());
  control_->Poll();
  EXPECT_EQ(Loads("a", "unchanged"), 0u) << "what was not written is not even read";
  Write("a", 2, "new");
  Write("c", 1, "c");
  std::filesystem::remove_all(folder_ / "b");
  control_->Poll();
  EXPECT_EQ((*Served("a"))->version, 2);
  EXPECT_TRUE(Served("c").ok());
  EXPECT_EQ(Served("b").status().code(), absl::StatusCode::kUnavailable);
  Write("a", 3, "wrong");
  control_->Poll();
  control_->Poll();
  EXPECT_EQ((*Served("a"))->version, 2);
  EXPECT_EQ(Loads("a", "failed", "invalid"), 1u) << "tried once, until it is written again";
}

TEST_F(ModelControllerTest, ARepositoryThatIsGoneForAMomentUnloadsNothing) {
  Write("m", 1, "a");
  ASSERT_TRUE(Start(ControlMode::kPoll, {"m"}).ok());
  std::filesystem::rename(folder_.path(), folder_.path() + ".away");
  control_->Poll();
  std::filesystem::rename(folder_.path() + ".away", folder_.path());
  EXPECT_TRUE(Served("m").ok());
}

TEST_F(ModelControllerTest, ACallerThatGoesDoesNotHoldAnybodyUp) {
  Write("m", 1, "wait");
  ASSERT_TRUE(Start(ControlMode::kExplicit, {}).ok());
  std::atomic<bool> gone{false};
  absl::Status first;
  std::thread caller([&] { first = control_->Load("m", {}, [&] { return gone.load(); }); });
  trial_->AwaitWaiting();
  EXPECT_THAT(control_->Load("other", {}, [] { return true; }).code(), absl::StatusCode::kCancelled);
  gone = true;
  caller.join();
  EXPECT_EQ(first.code(), absl::StatusCode::kCancelled);
  trial_->Release();
  control_->Poll();
  EXPECT_TRUE(Served("m").ok()) << "a load that has begun is finished";
  EXPECT_EQ(Loads("", "failed", "not_found"), 0u) << "one that has not is not begun";
}

TEST_F(ModelControllerTest, StopEndsTheLoadUnderWayAndThoseThatWait) {
  Write("m", 1, "wait");
  ASSERT_TRUE(Start(ControlMode::kExplicit, {}).ok());
  std::vector<absl::Status> ends(2);
  std::thread first([&] { ends[0] = Load("m"); });
  trial_->AwaitWaiting();
  std::thread second([&] { ends[1] = Load("m"); });
  control_->Stop();
  first.join();
  second.join();
  EXPECT_EQ(ends[0].code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(ends[1].code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Load("m").code(), absl::StatusCode::kUnavailable);
}

TEST_F(ModelControllerTest, TooManyLoadsThatWaitAreRefused) {
  Write("m", 1, "wait");
  ASSERT_TRUE(Start(ControlMode::kExplicit, {}).ok());
  std::vector<std::thread> callers;
  std::atomic<int> refused{0};
  callers.emplace_back([&] { Load("m").IgnoreError(); });
  trial_->AwaitWaiting();
  for (size_t i = 0; i < ModelController::kMaxWaiting + 3; ++i) {
    callers.emplace_back([&] {
      if (absl::IsResourceExhausted(Load("m"))) ++refused;
    });
  }
  while (refused < 3) std::this_thread::yield();
  trial_->Release();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(refused, 3);
}

}  // namespace
}  // namespace driftserve
