"""Checks manifests for Kubernetes and Argo against their schemas, offline.

    manifests.py CONFIG ARGUMENT FILE...

Each file must carry the text of the file CONFIG unchanged, and ARGUMENT must reach every container as one of its arguments,
after what Kubernetes replaces in them. Prints a line per document; the exit code is 1 if something is refused.
"""

import re
import sys

import kubernetes_validate
import yaml
from hera.workflows import models


def lost(given, kept, place=""):
    """Places of `given` that are not in `kept`: hera's models drop keys that they do not know."""
    if isinstance(given, dict):
        kept = kept if isinstance(kept, dict) else {}
        pairs = [(f"{place}/{key}", value, kept.get(key)) for key, value in given.items()]
    elif isinstance(given, list):
        kept = kept if isinstance(kept, list) else []
        kept = kept + [None] * (len(given) - len(kept))
        pairs = [(f"{place}/{index}", *pair) for index, pair in enumerate(zip(given, kept))]
    else:
        return []
    return [
        there
        for key, value, other in pairs
        for there in ([f"{key} is unknown"] if other is None else lost(value, other, key))
    ]


def faults(document):
    """What the document's schema has against it."""
    if document["apiVersion"].startswith("argoproj.io/"):
        try:
            model = getattr(models, document["kind"]).model_validate(document)
        except ValueError as error:
            return [str(error)]
        return lost(document, model.model_dump(by_alias=True, exclude_none=True, mode="json"))
    try:
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{'/'.join(map(str, error.path))}: {error.message}"]
    return []


def values(document, wanted):
    """What stands at the key `wanted`, wherever it stands in the document."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key == wanted:
                yield value
            yield from values(value, wanted)
    elif isinstance(document, list):
        for value in document:
            yield from values(value, wanted)


def containers(document):
    """All containers of the document."""
    return [*values(document, "container"), *(one for many in values(document, "containers") for one in many)]


def configurations(document):
    """The texts that the document carries as files."""
    if document["kind"] == "ConfigMap":
        return list(document["data"].values())
    return [raw["data"] for raw in values(document, "raw")]


def expanded(argument):
    """An argument as a container gets it: $$ is a dollar sign, $(NAME) a variable, here an empty one."""
    return re.sub(r"\$\$|\$\(\w+\)", lambda found: "$" if found[0] == "$$" else "", argument)


def main():
    config, wanted, *files = sys.argv[1:]
    # No translation of line ends: the text is to be the same to the byte.
    with open(config, encoding="utf-8", newline="") as text:
        config = text.read()
    refused = False
    for file in files:
        with open(file, encoding="utf-8") as text:
            documents = list(yaml.safe_load_all(text))
        if not any(configurations(document) for document in documents):
            sys.exit(f"{file}: carries no configuration")
        for document in documents:
            wrong = faults(document)
            if any(carried != config for carried in configurations(document)):
                wrong.append("carries another configuration")
            for container in containers(document):
                if wanted not in map(expanded, container["args"]):
                    wrong.append(f"the container of {container['command']} does not get {wanted!r}")
            print(f"{file}: {document['kind']}: {'; '.join(wrong) or 'ok'}")
            refused = refused or bool(wrong)
    sys.exit(refused)


main()
