"""How a step ends when it does not end well: each kind of fault has the exit code that a scheduler sees."""


class Fault(Exception):
    """A message for people: file or option, what was expected, what was there, which option to change."""

    exit_code = 2


class BadInput(Fault):
    """Wrong options, files or states; or too little to judge by. Running the step again changes nothing."""


class Refused(Fault):
    """A judgement against the candidate."""

    exit_code = 1


class Unreachable(Fault):
    """A server or a page of it did not answer, however often it was asked. Running the step again later may help."""

    exit_code = 75
