#include "server/repository/child_trial.h"

#include <sys/stat.h>

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/text.h"
#include "server/repository/model_settings.h"
#include "tests/fakes/model_repository.h"
#include "tests/fakes/torch_models.h"
#include "tests/repository/scratch_folder.h"

namespace driftserve {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kOneToOne[] =
    "max_batch_size: 4\ninput { name: \"x\" data_type: TYPE_FP32 dims: [ 1 ] }\noutput { name: \"y\" data_type: "
    "TYPE_FP32 dims: [ 1 ] }\n";

class ChildTrialTest : public ::testing::Test {
 protected:
  ChildTrialTest() {
    const auto text = ParseConfigText("m/config.pbtxt", kOneToOne);
    model_ = *MakeSettings(*text, "m", nullptr, 0);
    settings_.program = DRIFTSERVE_PROGRAM;
  }

  // A program in place of the server's own.
  void RunScript(const std::string& text) {
    settings_.program = folder_ / "program";
    fakes::WriteFile(settings_.program, "#!/bin/sh\n" + text);
    chmod(settings_.program.c_str(), 0755);
  }
  ChildTrial& trial() {
    if (trial_ == nullptr) trial_ = std::make_unique<ChildTrial>(settings_, &Clock::System());
    return *trial_;
  }
  absl::Status Try(std::string bytes) {
    return trial().Try(
        MakeLoadRequest(model_, "m/1/model.pt", std::make_shared<const std::string>(std::move(bytes))), model_);
  }

  ScratchFolder folder_;
  ModelSettings model_;
  ChildTrialSettings settings_;
  std::unique_ptr<ChildTrial> trial_;
};

TEST_F(ChildTrialTest, AModelThatRunsPasses) {
  EXPECT_TRUE(Try(fakes::MakeIdentity()).ok());
  EXPECT_TRUE(Try(fakes::MakeStateful()).ok());
  trial().Rest();
  EXPECT_TRUE(Try(fakes::MakeIdentity()).ok());
}

TEST_F(ChildTrialTest, WhatTheTrialFindsIsTheStatus) {
  const absl::Status archive = Try("not a model");
  EXPECT_EQ(archive.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(archive.message(), HasSubstr("m/1/model.pt: expected a TorchScript archive"));
  const absl::Status type = Try(fakes::MakeDouble());
  EXPECT_EQ(type.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(type.message(), AllOf(HasSubstr("config.pbtxt says FP32"), HasSubstr("in a trial with a batch of 1")));
  EXPECT_TRUE(Try(fakes::MakeIdentity()).ok()) << "a failure leaves the child fit";
}

TEST_F(ChildTrialTest, TheSignatureComesFromTheChild) {
  const auto signature =
      trial().Signature("m/1/model.pt", std::make_shared<const std::string>(fakes::MakeStrings()));
  ASSERT_TRUE(signature.ok()) << signature.status();
  EXPECT_THAT(signature->argument_names, ElementsAre("text"));
  EXPECT_THAT(signature->argument_types, ElementsAre("List[str]"));
  EXPECT_THAT(signature->result_types, ElementsAre("Tensor", "List[str]"));
}

TEST_F(ChildTrialTest, ARunThatDoesNotEndIsEnded) {
  settings_.timeout_ms = 8000;  // far more than starting and loading take on a busy machine
  const absl::Status status = Try(fakes::MakeHanging());
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("m/1/model.pt: the trial took longer than 8000 ms"),
                                      HasSubstr("repository.trial_timeout_ms"), HasSubstr("running a batch of 1")));
}

TEST_F(ChildTrialTest, AModelThatWantsTooMuchMemoryIsRefused) {
  // The address sanitizer would end the child before torch can say so.
  const char* const options = getenv("ASAN_OPTIONS");
  setenv("ASAN_OPTIONS", Concat(options == nullptr ? "" : options, ":allocator_may_return_null=1").c_str(), 1);
  settings_.memory_bytes = int64_t{256} << 20;
  const absl::Status status = Try(fakes::MakeGreedy(int64_t{1} << 30));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("m/1/model.pt"), HasSubstr("repository.trial_memory_bytes allows 268435456")));
  EXPECT_TRUE(Try(fakes::MakeGreedy(1 << 20)).ok());
}

TEST_F(ChildTrialTest, ACrashIsNamedWithItsSignalAndStage) {
  RunScript("kill -SEGV $$\n");
  const absl::Status status = Try("bytes");
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("m/1/model.pt: the trial's process crashed with signal 11"),
                                      HasSubstr("while starting")));
}

TEST_F(ChildTrialTest, AnExitIsNamedWithItsCode) {
  RunScript("exit 3\n");
  EXPECT_THAT(Try("bytes").message(), HasSubstr("ended with exit code 3"));
}

TEST_F(ChildTrialTest, AProgramThatCannotBeRunIsNamed) {
  settings_.program = folder_ / "nothing";
  const absl::Status status = Try("bytes");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("nothing"), HasSubstr("No such file")));
}

TEST_F(ChildTrialTest, ADeathInAUsedChildIsTriedAgainInAFreshOne) {
  // Answers one request with an empty reply, then dies of the second; each start leaves a mark.
  RunScript("echo . >> " + (folder_ / "starts") +
            "\nexec python3 -c '\nimport socket, struct\n"
            "s = socket.socket(fileno=4)\n"
            "s.recv(struct.unpack(\"I\", s.recv(4))[0])\n"
            "s.send(struct.pack(\"I\", 0))\n"
            "s.recv(1)\n'\n");
  EXPECT_TRUE(Try("first").ok());
  EXPECT_TRUE(Try("second").ok());
  EXPECT_EQ(std::filesystem::file_size(folder_ / "starts"), 4u) << "two starts";
}

TEST_F(ChildTrialTest, CancelEndsTheTrialUnderWayAndEveryLaterOne) {
  RunScript("touch " + (folder_ / "started") + "\nsleep 600\n");
  trial().Prepare();
  std::thread canceller([&] {
    while (!std::filesystem::exists(folder_ / "started")) std::this_thread::yield();
    trial().Cancel();
  });
  EXPECT_EQ(Try("bytes").code(), absl::StatusCode::kCancelled);
  canceller.join();
  EXPECT_EQ(Try("bytes").code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace driftserve
