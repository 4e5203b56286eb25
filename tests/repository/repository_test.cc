#include "server/repository/repository.h"

#include <cstring>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/text.h"
#include "server/execute/torchscript_loader.h"
#include "server/repository/warm.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/model_repository.h"
#include "tests/fakes/torch_models.h"
#include "tests/repository/scratch_folder.h"

namespace driftserve {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kOneToOne[] =
    "max_batch_size: 4\ninput { name: \"x\" data_type: TYPE_FP32 dims: [ 1 ] }\noutput { name: \"y\" data_type: "
    "TYPE_FP32 dims: [ 1 ] }\n";

// Takes as long as it is told, by the fake clock.
struct Pace {
  FakeClock* clock;
  int64_t fixed_ns = 0;
  int64_t row_ns = 0;
  bool writes_own_state = false;
  int loads = 0;
  std::vector<int64_t> runs = {};  // rows of each
  absl::Status answer = absl::OkStatus();
};

class PacedGraph : public Graph {
 public:
  explicit PacedGraph(Pace* pace) : pace_(pace) {}
  absl::Status Run(absl::Span<const BatchItem> items, TensorList& outputs) override {
    pace_->clock->Advance(pace_->fixed_ns + pace_->row_ns * items[0].rows);
    pace_->runs.push_back(items[0].rows);
    return pace_->answer;
  }

 private:
  Pace* const pace_;
};

class PacedExecutable : public Executable {
 public:
  explicit PacedExecutable(Pace* pace) : pace_(pace) {}
  absl::StatusOr<std::unique_ptr<Graph>> NewGraph() override { return std::make_unique<PacedGraph>(pace_); }
  bool writes_own_state() const override { return pace_->writes_own_state; }

 private:
  Pace* const pace_;
};

class PacedLoader : public Loader {
 public:
  explicit PacedLoader(Pace* pace) : pace_(pace) {}
  absl::StatusOr<std::shared_ptr<Executable>> Load(const LoadRequest& request) override {
    ++pace_->loads;
    devices.push_back(request.device_index);
    runners.push_back(request.runners);
    last_bytes = request.bytes;
    return std::make_shared<PacedExecutable>(pace_);
  }
  absl::StatusOr<ModuleSignature> Signature(const std::string&, const std::string&) override {
    return ModuleSignature{};
  }
  int DeviceCount(DeviceKind kind) const override { return kind == DeviceKind::kCpu ? 1 : gpus; }

  std::shared_ptr<const std::string> last_bytes;
  std::vector<int> devices, runners;  // of each load
  int gpus = 0;

 private:
  Pace* const pace_;
};

class RepositoryTest : public ::testing::Test {
 protected:
  RepositoryTest() { config_.repository.path = folder_.path(); }

  void Write(const std::string& path, const std::string& content) { fakes::WriteFile(folder_ / path, content); }

  absl::StatusOr<std::vector<std::shared_ptr<Model>>> Load(Loader* loader, const std::string& name) {
    return Repository(config_, 2, loader, &clock_).LoadModel(name);
  }
  std::shared_ptr<Model> LoadPaced() {
    Write("m/config.pbtxt", kOneToOne);
    Write("m/1/model.pt", "bytes");
    auto models = Load(&paced_, "m");
    EXPECT_TRUE(models.ok()) << models.status();
    return models.ok() ? models->front() : nullptr;
  }
  std::string Faults(Loader* loader, const std::string& name,
                     absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
    const auto models = Load(loader, name);
    EXPECT_EQ(models.status().code(), code) << models.status();
    return std::string(models.status().message());
  }

  ScratchFolder folder_;
  ServerConfig config_;
  FakeClock clock_;
  Pace pace_{.clock = &clock_};
  PacedLoader paced_{&pace_};
  std::unique_ptr<Loader> torch_ = MakeTorchScriptLoader();
};

TEST_F(RepositoryTest, AShortModelRunsOnThePollers) {
  pace_.fixed_ns = 10'000;
  pace_.row_ns = 1'000;
  const auto model = LoadPaced();
  EXPECT_TRUE(model->run_inline);
  EXPECT_THAT(model->settings.buckets, ElementsAre(1, 2, 4));
  EXPECT_THAT(model->bucket_ns, ElementsAre(11'000, 12'000, 14'000));
  EXPECT_THAT(model->poller_graphs, SizeIs(2));
  EXPECT_THAT(model->instance_graphs, SizeIs(0));
  EXPECT_THAT(model->counters.slots(), SizeIs(2));
}

TEST_F(RepositoryTest, AModelWhoseLargestBatchIsLongRunsOnInstances) {
  pace_.row_ns = 1'000'000;  // 1 ms for one row, 4 ms for four; the limit is 2 ms
  const auto model = LoadPaced();
  EXPECT_FALSE(model->run_inline);
  EXPECT_THAT(model->poller_graphs, SizeIs(0));
  EXPECT_THAT(model->instance_graphs, SizeIs(1));
  EXPECT_THAT(model->counters.slots(), SizeIs(3));
}

TEST_F(RepositoryTest, AModelIsLoadedOncePerGpuAndItsInstancesRunThere) {
  paced_.gpus = 3;
  Write("m/config.pbtxt", std::string(kOneToOne) + "instance_group { kind: KIND_GPU count: 2 gpus: [ 2, 0 ] }");
  Write("m/1/model.pt", "bytes");
  const auto models = Load(&paced_, "m");
  ASSERT_TRUE(models.ok()) << models.status();
  const Model& model = *models->front();
  EXPECT_FALSE(model.run_inline) << "though it is short";
  EXPECT_THAT(paced_.devices, ElementsAre(2, 2, 0)) << "tried on the first, then loaded on each";
  EXPECT_THAT(paced_.runners, ElementsAre(2, 2, 2)) << "those of its GPU, not all four";
  EXPECT_THAT(model.executables, SizeIs(2));
  EXPECT_THAT(model.settings.gpus, ElementsAre(2, 2, 0, 0));
  EXPECT_THAT(model.instance_graphs, SizeIs(4));
  EXPECT_THAT(model.counters.slots(), SizeIs(6));
}

TEST_F(RepositoryTest, AModelThatWritesToItsStateRunsOnInstancesAndIsNotWarmed) {
  pace_.writes_own_state = true;
  const auto model = LoadPaced();
  EXPECT_FALSE(model->run_inline);
  pace_.runs.clear();
  EXPECT_TRUE(WarmGraph(*model->instance_graphs[0], model->settings).ok());
  EXPECT_THAT(pace_.runs, SizeIs(0));
}

TEST_F(RepositoryTest, AModelThatWaitsForItsBatchRunsOnInstances) {
  Write("m/config.pbtxt",
        std::string(kOneToOne) + "dynamic_batching { max_queue_delay_microseconds: 5 } instance_group { count: 3 }");
  Write("m/1/model.pt", "bytes");
  const auto models = Load(&paced_, "m");
  ASSERT_TRUE(models.ok()) << models.status();
  EXPECT_FALSE(models->front()->run_inline);
  EXPECT_THAT(models->front()->instance_graphs, SizeIs(3));
}

TEST_F(RepositoryTest, EveryBucketIsWarmedThreeTimes) {
  const auto model = LoadPaced();
  pace_.runs.clear();
  EXPECT_TRUE(WarmGraph(*model->poller_graphs[0], model->settings).ok());
  EXPECT_THAT(pace_.runs, ElementsAre(1, 1, 1, 2, 2, 2, 4, 4, 4));
}

TEST_F(RepositoryTest, WhatFailsOnWarmingNamesTheBatchAndTheRemedy) {
  const auto model = LoadPaced();
  pace_.answer = absl::InternalError("model `m`: zeros are not welcome");
  EXPECT_THAT(WarmGraph(*model->poller_graphs[0], model->settings).message(),
              AllOf(HasSubstr("zeros are not welcome"), HasSubstr("batch of 1"), HasSubstr("model_warmup")));
}

TEST_F(RepositoryTest, ATrialThatFailsInstallsNothing) {
  pace_.answer = absl::InternalError("model `m`: no");
  Write("m/config.pbtxt", kOneToOne);
  Write("m/1/model.pt", "bytes");
  EXPECT_THAT(Faults(&paced_, "m", absl::StatusCode::kInternal),
              AllOf(HasSubstr("m/1/model.pt: model `m`: no"), HasSubstr("trial")));
  EXPECT_EQ(pace_.loads, 1);
}

TEST_F(RepositoryTest, ATrialThatTakesTooLongIsRefused) {
  pace_.fixed_ns = 30'000'000'000;
  Write("m/config.pbtxt", kOneToOne);
  Write("m/1/model.pt", "bytes");
  EXPECT_THAT(Faults(&paced_, "m", absl::StatusCode::kDeadlineExceeded),
              HasSubstr("the trial took 90000 ms, repository.trial_timeout_ms allows 60000"));
}

TEST_F(RepositoryTest, ModelsAreFoundAndNamedOnesMustBeThere) {
  Write("b/config.pbtxt", kOneToOne);
  Write("a/3/model.pt", "bytes");
  Write(".git/1/x", "");
  Write("notes/readme.txt", "");
  EXPECT_THAT(*Repository(config_, 1, &paced_, &clock_).ListModels(), ElementsAre("a", "b"));
  config_.repository.models = {"b", "c", "../a"};
  EXPECT_THAT(Repository(config_, 1, &paced_, &clock_).ListModels().status().message(),
              AllOf(HasSubstr("got `c`"), HasSubstr("got `../a`")));
  config_.repository.path = "/nowhere";
  EXPECT_THAT(Repository(config_, 1, &paced_, &clock_).ListModels().status().message(),
              HasSubstr("/nowhere: expected a folder, the model repository"));
  EXPECT_EQ(Load(&paced_, "c").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RepositoryTest, VersionsFollowThePolicy) {
  for (const char* version : {"1", "2", "10", "007", "draft"})
    Write(std::string("m/") + version + "/model.pt", "bytes");
  const auto versions = [&](const std::string& policy) {
    Write("m/config.pbtxt", kOneToOne + policy);
    std::vector<int64_t> found;
    const auto models = Load(&paced_, "m");
    EXPECT_TRUE(models.ok()) << models.status();
    if (models.ok()) {
      for (const auto& model : *models) found.push_back(model->version);
    }
    return found;
  };
  EXPECT_THAT(versions(""), ElementsAre(10));
  EXPECT_THAT(versions("version_policy { latest { num_versions: 2 } }"), ElementsAre(2, 10));
  EXPECT_THAT(versions("version_policy { all { } }"), ElementsAre(1, 2, 10));
  EXPECT_THAT(versions("version_policy { specific { versions: [ 2, 1 ] } }"), ElementsAre(1, 2));
  Write("m/config.pbtxt", std::string(kOneToOne) + "version_policy { specific { versions: [ 5 ] } }");
  EXPECT_THAT(Faults(&paced_, "m"), HasSubstr("version_policy.specific names version 5, there are 1, 2, 10"));
}

TEST_F(RepositoryTest, FilesOutsideTheRepositoryAreNotRead) {
  const ScratchFolder outside;
  fakes::WriteFile(outside / "model.pt", "secret");
  Write("m/config.pbtxt", kOneToOne);
  std::filesystem::create_directories(folder_ / "m/1");
  std::filesystem::create_symlink(outside / "model.pt", folder_ / "m/1/model.pt");
  EXPECT_THAT(Faults(&paced_, "m"), HasSubstr("expected a file inside the model repository"));
  Write("shared/model.pt", "bytes");
  std::filesystem::remove(folder_ / "m/1/model.pt");
  std::filesystem::create_symlink("../../shared/model.pt", folder_ / "m/1/model.pt");
  ASSERT_TRUE(Load(&paced_, "m").ok());
  EXPECT_EQ(*paced_.last_bytes, "bytes");
}

TEST_F(RepositoryTest, AMissingModelFileIsNamed) {
  Write("m/config.pbtxt", kOneToOne);
  EXPECT_THAT(Faults(&paced_, "m"), HasSubstr("expected at least one version"));
  Write("m/1/readme", "");
  EXPECT_THAT(Faults(&paced_, "m"), HasSubstr("m/1/model.pt: cannot be read: No such file"));
  std::filesystem::create_directories(folder_ / "m/1/model.pt");
  EXPECT_THAT(Faults(&paced_, "m"), HasSubstr("expected a regular file"));
}

TEST_F(RepositoryTest, APackageIsServedOnlyWhereNativeCodeIsAllowed) {
  Write("m/config.pbtxt", kOneToOne);
  Write("m/1/model.pt2", "bytes");
  EXPECT_THAT(Faults(&paced_, "m"), AllOf(HasSubstr("m/1/model.pt2: an AOTInductor package is native code"),
                                          HasSubstr("repository.allow_native_code=true")));
  config_.repository.allow_native_code = true;
  const auto models = Load(&paced_, "m");
  ASSERT_TRUE(models.ok()) << models.status();
  EXPECT_EQ(*paced_.last_bytes, "bytes");
  EXPECT_EQ((*models)[0]->settings.config.platform(), "pytorch_aotinductor");
  EXPECT_EQ((*models)[0]->settings.config.default_model_filename(), "model.pt2");
  Write("m/config.pbtxt", Concat("platform: \"pytorch_libtorch\"\n", kOneToOne));
  EXPECT_THAT(Faults(&paced_, "m"), HasSubstr("platform: expected pytorch_aotinductor, got"));
  Write("m/config.pbtxt", kOneToOne);
  Write("m/1/model.pt", "archive");  // beside a package, the archive is what is served
  ASSERT_TRUE(Load(&paced_, "m").ok());
  EXPECT_EQ(*paced_.last_bytes, "archive");
}

TEST_F(RepositoryTest, WhatIsNotAModelIsRefusedAndTheNextLoadIsRight) {
  const std::string archive = fakes::MakeRaising();
  Write("m/config.pbtxt", kOneToOne);
  for (const std::string& bytes : {std::string(), std::string("not a model"), archive.substr(0, archive.size() - 9)}) {
    Write("m/1/model.pt", bytes);
    EXPECT_THAT(Faults(torch_.get(), "m"), HasSubstr("m/1/model.pt: expected a TorchScript archive"));
  }
  Write("m/1/model.pt", archive);
  EXPECT_TRUE(Load(torch_.get(), "m").ok());
}

TEST_F(RepositoryTest, AModelWithoutAConfigurationSaysWhatToWrite) {
  Write("m/1/model.pt", fakes::MakeMlp());
  EXPECT_THAT(
      Faults(torch_.get(), "m"),
      HasSubstr(
          "config.pbtxt: input: argument `features` (Tensor) of forward() states neither data type nor shape; write"));
}

TEST_F(RepositoryTest, AnOutputThatTheModelDoesNotGiveIsFoundByTheTrial) {
  Write("m/config.pbtxt", kOneToOne);
  Write("m/1/model.pt", fakes::MakeDouble());
  EXPECT_THAT(Faults(torch_.get(), "m", absl::StatusCode::kInternal),
              HasSubstr("output `y`: config.pbtxt says FP32, the model returned Double"));
}

TEST_F(RepositoryTest, TheTestRepositoryLoads) {
  fakes::WriteModelRepository(folder_.path(), true);
  Repository repository(config_, 2, torch_.get(), &Clock::System());
  const auto names = repository.ListModels();
  ASSERT_TRUE(names.ok()) << names.status();
  for (const std::string& name : *names) {
    const auto models = repository.LoadModel(name);
    ASSERT_TRUE(models.ok()) << models.status();
    EXPECT_EQ(models->front()->watched != nullptr, name == "mlp") << name;
    if (name == "stateful" || name == "slow") {
      EXPECT_FALSE(models->front()->run_inline) << name;
    }
    for (const auto& graph : models->front()->poller_graphs)
      EXPECT_TRUE(WarmGraph(*graph, models->front()->settings).ok());
  }
}

}  // namespace
}  // namespace driftserve
