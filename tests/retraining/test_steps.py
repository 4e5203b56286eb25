"""Steps without a server, or with one that is played: exit codes, what is written, what a second run of a step does."""

import json
import pathlib

import comparison
import config_text
import decision
import faults
import programs
import publication
import pytest
import retrain
import server as servers
import tritonclient.grpc as triton
import version_metrics
import versions
from retries import Away, Retries
from run_folder import RunFolder

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = (ROOT / "models" / "flight_delay" / "config.pbtxt").read_text()
NOBODY = "127.0.0.1:1"  # a port that nothing listens on


@pytest.fixture
def model(tmp_path):
    """A repository's model with versions 1 and 3."""
    folder = tmp_path / "models" / "flight_delay"
    for version in (1, 3):
        (folder / str(version)).mkdir(parents=True)
        (folder / str(version) / "model.pt").write_text(str(version))
    (folder / "config.pbtxt").write_text(CONFIG)
    return folder


def folder_of(tmp_path, step="publish", lines=None):
    folder = RunFolder(tmp_path / "run", step, log=(lines if lines is not None else []).append)
    for name in versions.FILES:
        pathlib.Path(folder.file("candidate", name)).write_text(f"new {name}")
    return folder


class PlayedServer:
    """Follows the repository as the server does; `refuses` a version, or answers nobody."""

    def __init__(self, model, refuses=None, away=False):
        self.folder, self.model = model, "flight_delay"
        self.refuses, self.away = refuses, away
        self.retries = Retries(attempts=1)
        self.served = [3]
        self.loads = []

    def check(self):
        if self.away:
            raise faults.Unreachable("nobody")

    def load(self):
        self.check()
        text = (self.folder / "config.pbtxt").read_text()
        self.loads.append(text)
        found = versions.found(self.folder)
        chosen = found[-2:] if "num_versions: 2" in text else found[-1:]
        if self.refuses in chosen:
            raise faults.Refused("it raises")
        self.served = chosen
        return True

    def ready(self, version):
        return version in self.served

    def versions(self):
        return self.served

    def wait(self, what, holds, version, seconds):
        assert holds(), what


def publish(folder, model, server):
    publication.publish(folder, str(model), server, 0.2, 1)


def test_a_canary_is_published_promoted_and_each_again(tmp_path, model):
    folder, server = folder_of(tmp_path), PlayedServer(model)
    for _ in range(2):
        publish(folder, model, server)
        assert server.served == [3, 4] and folder.result("publish.json")["version"] == 4
        assert (model / "4" / "model.pt").read_text() == "new model.pt"
        assert (model / "config.pbtxt").read_text() == config_text.with_canary(CONFIG, 0.2)
    for _ in range(2):
        publication.promote(folder, str(model), server, 1)
        assert server.served == [4] and (model / "config.pbtxt").read_text() == CONFIG
    publish(folder, model, server)
    assert server.served == [4], "what was promoted is not published again"


def test_a_canary_is_withdrawn_and_its_number_not_used_again(tmp_path, model):
    folder, server = folder_of(tmp_path), PlayedServer(model)
    publish(folder, model, server)
    for _ in range(2):
        publication.withdraw(folder, str(model), server, 1)
        assert server.served == [3] and not (model / "4").exists() and (model / "config.pbtxt").read_text() == CONFIG
        assert (tmp_path / "run" / "withdrawn" / "4" / "model.pt").read_text() == "new model.pt"
    with pytest.raises(faults.BadInput, match="was withdrawn; begin another run"):
        publish(folder, model, server)
    with pytest.raises(faults.BadInput, match="got one withdrawn"):
        publication.promote(folder, str(model), server, 1)
    second = folder_of(tmp_path / "second")
    publish(second, model, server)
    assert second.result("publish.json")["version"] == 5


def test_a_version_that_is_refused_leaves_everything_as_before(tmp_path, model):
    folder, server = folder_of(tmp_path), PlayedServer(model, refuses=4)
    for _ in range(2):
        with pytest.raises(faults.Refused, match="it raises"):
            publish(folder, model, server)
        assert server.served == [3] and versions.found(model) == [1, 3]
        assert (model / "config.pbtxt").read_text() == CONFIG


def test_nothing_is_touched_while_nobody_answers(tmp_path, model):
    with pytest.raises(faults.Unreachable):
        publish(folder_of(tmp_path), model, PlayedServer(model, away=True))
    assert versions.found(model) == [1, 3] and (model / "config.pbtxt").read_text() == CONFIG


def test_a_publication_that_was_cut_off_is_finished_by_the_next_run_of_the_step(tmp_path, model, monkeypatch):
    folder = folder_of(tmp_path)
    for cut_off in ("put", "write_config"):
        with monkeypatch.context() as patched:
            patched.setattr(versions, cut_off, lambda *_: (_ for _ in ()).throw(OSError("no space left on device")))
            with pytest.raises(OSError):
                publish(folder, model, PlayedServer(model))
        assert folder.result("publish.json")["state"] == "planned" and versions.serving(model) == 3
    server = PlayedServer(model)
    publish(folder, model, server)
    assert server.served == [3, 4] and folder.result("publish.json")["version"] == 4


def test_a_canary_leaves_the_repository_even_while_the_server_is_away(tmp_path, model):
    folder, server = folder_of(tmp_path), PlayedServer(model)
    publish(folder, model, server)
    server.away = True
    with pytest.raises(faults.Unreachable):
        publication.withdraw(folder, str(model), server, 1)
    assert versions.found(model) == [1, 3] and (model / "config.pbtxt").read_text() == CONFIG
    server.away = False
    publication.withdraw(folder, str(model), server, 1)
    assert server.served == [3]


def test_at_no_moment_would_a_server_that_looks_serve_anything_else(tmp_path, model, monkeypatch):
    """Every state of the folder between two changes, read as a server with control `poll` would."""
    server, seen = PlayedServer(model), []

    def look(changed):
        def _changed(*arguments):
            result = changed(*arguments)
            text, found = versions.read_config(model), versions.found(model)
            seen.append((versions.serving(model), config_text.canary_share(text), found))
            return result
        return _changed
    for name in ("write_config", "put", "take_out"):
        monkeypatch.setattr(versions, name, look(getattr(versions, name)))
    folder = folder_of(tmp_path)
    publish(folder, model, server)
    publication.withdraw(folder, str(model), server, 1)
    assert {serving for serving, _, _ in seen} == {3}
    assert [found for _, share, found in seen if share < 1] == [[1, 3, 4]], "a share only while both are there"


def test_a_change_by_somebody_else_stays(tmp_path, model):
    lines = []
    folder, server = folder_of(tmp_path, lines=lines), PlayedServer(model)
    publish(folder, model, server)
    config = model / "config.pbtxt"
    config.write_text(config.read_text().replace("max_batch_size: 256", "max_batch_size: 128"))
    publication.promote(folder, str(model), server, 1)
    assert config.read_text() == (CONFIG.replace("max_batch_size: 256", "max_batch_size: 128")
                                  + "version_policy { latest { num_versions: 1 } }\n")
    assert any("was changed since" in line for line in lines)


@pytest.mark.parametrize("more, expected", [
    ("version_policy { specific { versions: 1 } }\n", "expected a version_policy that follows new versions"),
    ('parameters { key: "CANARY_SHARE" value { string_value: "0.1" } }\n', "CANARY_SHARE 0.1 is under way"),
    ("version_policy { all { }\n", "expected the end of a field")])
def test_a_config_that_cannot_take_a_canary_is_refused(tmp_path, model, more, expected):
    (model / "config.pbtxt").write_text(CONFIG + more)
    with pytest.raises(faults.BadInput, match=expected):
        publish(folder_of(tmp_path), model, PlayedServer(model))
    assert versions.found(model) == [1, 3] and (model / "config.pbtxt").read_text() == CONFIG + more


def test_which_version_serves(model):
    for more, expected in (("", 3), ("version_policy { specific { versions: [ 1 ] } }\n", 1),
                           ('parameters { key: "CANARY_SHARE" value { string_value: "0.1" } }\n', 1)):
        (model / "config.pbtxt").write_text(CONFIG + more)
        assert versions.serving(model) == expected


def test_calls_are_tried_again_a_bounded_number_of_times():
    lines, pauses = [], []
    retries = Retries(attempts=4, seconds=1, longest=3, log=lines.append, sleep=pauses.append)

    def away():
        raise Away("refused")
    with pytest.raises(faults.Unreachable, match="did not answer 4 times: refused"):
        retries.call("server", away)
    assert pauses == [1, 2, 3] and retries.count == 3 and len(lines) == 3
    assert lines[0] == "server, attempt 1 of 4: refused; again in 1 s"


def test_a_server_that_comes_back_is_asked_no_more():
    answers = [Away("refused"), "here"]

    def ask():
        answer = answers.pop(0)
        if isinstance(answer, Away):
            raise answer
        return answer
    retries = Retries(attempts=4, log=[].append, sleep=[].append)
    assert retries.call("server", ask) == "here" and retries.count == 1


@pytest.mark.parametrize("code, fault", [("UNAVAILABLE", faults.Unreachable), ("INTERNAL", faults.Refused),
                                         ("INVALID_ARGUMENT", faults.Refused)])
def test_what_a_load_answers(code, fault):
    server = servers.Server(NOBODY, "m", Retries(attempts=2, log=[].append, sleep=[].append))

    class Client:
        def load_model(self, *_, **__):
            raise triton.InferenceServerException("no", status=f"StatusCode.{code}")
    server._client = Client()
    with pytest.raises(fault):
        server.load()


class Page:
    """Figures of a canary, one look after another; the last for ever."""

    def __init__(self, monkeypatch, *looks):
        self.looks = list(looks)
        monkeypatch.setattr(comparison, "scrape", lambda url, retries: "")
        monkeypatch.setattr(version_metrics, "figures", self.figures)

    def figures(self, text, model, version):
        if version == 3:
            return decision.Figures(3, ready=True)
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


def compare(tmp_path, model, seconds):
    """Published, then compared by a clock that moves as it sleeps."""
    folder, server = folder_of(tmp_path), PlayedServer(model)
    publish(folder, model, server)
    now = [0.0]

    def sleep(pause):
        now[0] += pause
    comparison.compare(folder, server, "http://page", decision.Limits(), seconds, 10, clock=lambda: now[0], sleep=sleep)


def verdict(tmp_path):
    return json.loads((tmp_path / "run" / "verdict.json").read_text())["verdict"]


def test_a_silent_canary_is_no_verdict_after_the_timeout(tmp_path, model, monkeypatch):
    Page(monkeypatch, decision.Figures(4, ready=True))
    with pytest.raises(faults.BadInput, match=r"no verdict on version 4 after 60 s \(--timeout\)"):
        compare(tmp_path, model, 60)
    assert verdict(tmp_path) == "wait"


def test_a_canary_that_begins_to_crash_is_withdrawn_at_the_next_look(tmp_path, model, monkeypatch):
    page = Page(monkeypatch, decision.Figures(4, ready=True), decision.Figures(4, ready=True, requests={"INTERNAL": 1}),
                decision.Figures(4, ready=True))
    with pytest.raises(faults.Refused, match="crashes: INTERNAL 1"):
        compare(tmp_path, model, 60)
    assert verdict(tmp_path) == "withdraw" and len(page.looks) == 1


def test_a_comparison_wants_something_published(tmp_path, model):
    with pytest.raises(faults.BadInput, match="run it with this --run"):
        comparison.compare(folder_of(tmp_path), PlayedServer(model), "http://page", decision.Limits(), 0, 1)


def run(capsys, *arguments):
    """(exit code, what it says)."""
    try:
        code = retrain.main(list(map(str, arguments)))
    except SystemExit as left:
        code = left.code
    said = capsys.readouterr()
    return code, said.out + said.err


@pytest.mark.parametrize("arguments, code, said", [
    (["window", "--data", "/nowhere/flights.csv", "--until", "2013-08-01", "--days", "31"], 2, "--data: expected the"),
    (["window", "--data", "x", "--until", "2013-08-01", "--days", "0"], 2, "expected a whole number from 1, got 0"),
    (["window", "--data", "x", "--until", "2013-08-01", "--days", "7"], 2, "--holdout-days: expected from 1 to 6"),
    (["window", "--data", "x", "--until", "August", "--days", "31"], 2, "--until: expected a day or a time"),
    (["profile"], 2, "train.parquet: expected the rows that the step `window` writes"),
    (["promote", "--repository", "models", "--server", NOBODY], 2, "published and not withdrawn, got none"),
    (["withdraw", "--repository", "models", "--server", NOBODY], 0, "nothing to do"),
    (["publish", "--repository", "models", "--server", NOBODY, "--share", "1"], 2, "--share: expected a number"),
    (["publish", "--repository", "models", "--server", NOBODY, "--share", "0.2", "--attempts", "2", "--retry-seconds",
      "0.01"], 75, f"server at {NOBODY} did not answer 2 times"),
    (["compare", "--server", NOBODY, "--metrics", "http://x", "--minimum-labels", "none"], 2, "--minimum-labels"),
    (["compare", "--server", NOBODY, "--metrics", "http://x", "--error-margin", "nan"], 2, "a number from 0, got nan"),
    (["validate", "--repository", "models", "--auc-tolerance", "-1"], 2, "expected a number from 0, got -1"),
    (["validate", "--repository", "models"], 2, "holdout.parquet: expected the rows that the step `window` writes")])
def test_exit_codes_and_messages(tmp_path, capsys, arguments, code, said):
    found = run(capsys, arguments[0], "--run", tmp_path / "run", *arguments[1:])
    assert found[0] == code and said in found[1], found


@pytest.mark.parametrize("header, row, said", [
    ("year,month", "2013,7", "flights.csv: expected a column `day`"),
    ("year,month,day,hour,minute,distance,dep_delay,arr_delay,air_time,carrier,origin", "2013,7,x,1,1,1,1,1,1,UA,EWR",
     "flights.csv: In CSV column #2"),
    ("year,month,day,hour,minute,distance,dep_delay,arr_delay,air_time,carrier,origin", "2013,7,1,NA,1,1,1,1,1,UA,EWR",
     "flights.csv: row 2: column `hour`: expected a number, got none")])
def test_bad_rows_are_named_by_file_and_column(tmp_path, capsys, header, row, said):
    (tmp_path / "flights.csv").write_text(f"{header}\n{row}\n")
    code, text = run(capsys, "window", "--run", tmp_path / "run", "--data", tmp_path / "flights.csv", "--until",
                     "2013-08-01", "--days", "31")
    assert code == 2 and said in text, text


def test_a_program_that_is_not_there_is_named(tmp_path):
    with pytest.raises(faults.BadInput, match=f"the program drift in {tmp_path}, found none; --programs"):
        programs.find("drift", tmp_path)
    (tmp_path / "drift").write_text("#!/bin/sh\n")
    (tmp_path / "drift").chmod(0o755)
    assert programs.find("drift", str(tmp_path)) == str(tmp_path / "drift")
