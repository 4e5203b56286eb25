"""Parts of a JSON schema (draft-07) in few words. Every part has a meaning, which becomes its description, and a
default, which goes into values.yaml; what a value must look like is always stated, so that a wrong one is refused by
name."""

QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi)?$"
NAME = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"


def text(meaning, default="", pattern=None):
    part = {"type": "string", "description": meaning, "default": default}
    if pattern:
        part["pattern"] = pattern
    return part


def optional(part):
    """The same text, or none."""
    return {**part, "pattern": f"^$|{part['pattern']}"}


def name(meaning, default=""):
    """The name of a Kubernetes object; empty: none."""
    return text(meaning, default, f"^$|{NAME}")


def key(meaning, default):
    """A key of a secret."""
    return text(meaning, default, r"^[-._a-zA-Z0-9]{1,253}$")


def quantity(meaning, default=""):
    return text(meaning, default, f"^$|{QUANTITY}")


def choice(meaning, choices, default):
    return {"type": "string", "description": meaning, "enum": choices, "default": default}


def integer(meaning, default, least, most):
    return {"type": "integer", "description": meaning, "minimum": least, "maximum": most, "default": default}


def flag(meaning, default):
    return {"type": "boolean", "description": meaning, "default": default}


def listing(meaning, items, default=None):
    return {"type": "array", "description": meaning, "items": items, "default": default or []}


def texts(meaning):
    """A map of text to text, as labels and annotations are."""
    return {"type": "object", "description": meaning, "additionalProperties": {"type": "string"}, "default": {}}


def kubernetes(meaning, default=None):
    """An object that Kubernetes defines and checks itself."""
    return {"type": "object", "description": meaning, "default": default or {}}


def kubernetes_list(meaning):
    return listing(meaning, {"type": "object"})


def section(meaning, **options):
    return {"type": "object", "description": meaning, "additionalProperties": False, "properties": options}


def image(what, repository, tag):
    """Where an image comes from; the digest, where there is one, is what counts."""
    return section(
        f"Image of {what}.",
        repository=text("Registry and name.", repository, r"^[a-z0-9]([-a-zA-Z0-9._/:]*[a-zA-Z0-9])?$"),
        tag=optional(text("Tag." if tag else "Tag; empty: the chart's appVersion.", tag,
                          r"^[a-zA-Z0-9_][-.\w]{0,127}$")),
        digest=optional(text("Digest; goes before the tag.", "", r"^sha256:[0-9a-f]{64}$")),
        pullPolicy=choice("When the image is fetched.", ["Always", "IfNotPresent", "Never"], "IfNotPresent"))
