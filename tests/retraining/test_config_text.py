"""config.pbtxt is edited as text: two fields, and not a byte beside them."""

import pathlib

import config_text
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLAIN = (ROOT / "models" / "flight_delay" / "config.pbtxt").read_text()
CANARY = 'parameters { key: "CANARY_SHARE" value { string_value: "0.2" } }\n'


def test_a_canary_is_two_lines_more():
    assert config_text.with_canary(PLAIN, 0.2) == PLAIN + "version_policy { latest { num_versions: 2 } }\n" + CANARY


def test_a_share_is_read_back():
    assert config_text.canary_share(PLAIN) == 1
    assert config_text.canary_share(config_text.with_canary(PLAIN, 0.05)) == 0.05


def test_without_a_canary_the_text_is_as_before():
    assert config_text.without_canary(PLAIN + CANARY) == PLAIN
    assert config_text.without_canary(PLAIN) == PLAIN


def test_again_is_the_same():
    once = config_text.with_canary(PLAIN, 0.2)
    assert config_text.with_canary(once, 0.2) == once
    assert config_text.canary_share(config_text.with_canary(once, 0.5)) == 0.5


@pytest.mark.parametrize("policy", ["version_policy { all { } }", "version_policy: {\n  # both\n  all: {}\n}",
                                    "version_policy < latest < num_versions: 3 > >;"])
def test_a_policy_is_replaced_where_it_stands(policy):
    text = f"name: 'm'  # the first\n{policy}\nmax_batch_size: 8\n"
    changed = config_text.pinned(text, 7)
    assert changed == "name: 'm'  # the first\nversion_policy { specific { versions: 7 } }\nmax_batch_size: 8\n"
    assert config_text.version_policy(changed) == "{ specific { versions : 7 } }"


@pytest.mark.parametrize("canary", [
    'parameters { key: "CANARY_SHARE" value { string_value: "0.2" } }',
    "parameters: { value: { string_value: '0.2' }, key: 'CANARY_SHARE' },",
    'parameters <\n  key: "CANARY_SHARE"  # of the requests\n  value < string_value: "0.2" >\n>'])
def test_the_parameter_is_found_however_it_is_written(canary):
    other = 'parameters { key: "INTRA_OP_THREAD_COUNT" value { string_value: "1" } }\n'
    text = other + canary + '\n# CANARY_SHARE "}" in a comment\nname: "a } CANARY_SHARE # \\" b"\n'
    assert config_text.canary_share(text) == 0.2
    assert config_text.without_canary(text) == text.replace(canary + "\n", "")


def test_a_line_that_holds_more_keeps_the_rest():
    text = f'name: "m" {CANARY.strip()} max_batch_size: 8\n'
    assert config_text.without_canary(text) == 'name: "m"  max_batch_size: 8\n'


@pytest.mark.parametrize("text, where", [
    ("name: \"m\"\nversion_policy { all { }\n", "3:1: expected the end of a field"),
    ("name: \"m\"\nversion_policy { all { ] }\n", "2:24: expected the end of what was opened"),
    ("name: \"m\n", "1:7: expected a field"),
    ("= 3\n", "1:1: expected a field"),
    ("{ }\n", "1:1: expected the name of a field"),
    ('parameters [ { key: "CANARY_SHARE" } ]\n', "1:1: expected `parameters { … }`")])
def test_what_it_does_not_understand_it_refuses(text, where):
    with pytest.raises(config_text.ConfigFault) as fault:
        config_text.with_canary(text, 0.2)
    assert str(fault.value).startswith(where)


@pytest.mark.parametrize("value", ["", 'value { string_value: "half" }', "value { }"])
def test_a_share_that_is_no_number_is_refused(value):
    with pytest.raises(config_text.ConfigFault, match="1:1: expected a number from 0 to 1"):
        config_text.canary_share(f'parameters {{ key: "CANARY_SHARE" {value} }}\n')
