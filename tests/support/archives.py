"""TorchScript archives with other code in them than was saved, and files that are none."""

import io
import zipfile

HEAD = """class Fake(Module):
  __parameters__ = []
  __buffers__ = []
  def forward(self: __torch__.Fake,
    x: Tensor) -> Tensor:
"""


def with_code(archive, code):
    """The bytes of `archive`, its code replaced."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            target.writestr(name, code if name.endswith("/code/__torch__.py") else source.read(name))
    return changed.getvalue()


def with_line(archive, line, other):
    """The bytes of `archive`, one line of its code replaced: `other` may be several, indented as it was."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            content = source.read(name)
            if "/code/" in name and name.endswith(".py"):
                assert content.count(line.encode()) == 1, f"{name}: expected the line {line!r} once"
                content = content.replace(line.encode(), other.encode())
            target.writestr(name, content)
    return changed.getvalue()


def nested(archive, depth=60_000):
    """Reading it recurses once for each parenthesis: it kills the process that does."""
    return with_code(archive, HEAD + "    return " + "(" * depth + "x" + ")" * depth + "\n")


def hanging(archive):
    return with_code(archive, HEAD + """    x0 = x
    _0 = True
    while _0:
      x0 = torch.add(x0, 1)
      _0 = True
    return x0
""")


def raising(archive, message):
    return with_code(archive, HEAD + f'    ops.prim.RaiseException("{message}")\n    return x\n')


def turning(archive, otherwise):
    """forward(x) → x while the sum of x is at most 100, `otherwise` above: what no trial with zeros can find."""
    return with_code(archive, HEAD + f"""    _0 = bool(torch.gt(torch.sum(x), 100))
    if _0:
      y = {otherwise}
    else:
      y = x
    return y
""")


def adding(archive, number):
    """forward(x) → x + number: models that tell themselves apart."""
    return with_code(archive, HEAD + f"    return torch.add(x, {number})\n")
