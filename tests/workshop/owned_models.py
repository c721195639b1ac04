"""Which models belong to an organization, read from their source."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.workshop.files import APPS

ROOT_MODEL = "Organization"
REFERENCES = {"ForeignKey", "OneToOneField"}
# A queryset with one of these says on whose behalf rows are asked for.
SCOPES = {"for_organization", "for_member", "for_user"}


@dataclass
class Model:
    """What a model's source says: `references` maps fields to the models that they point to."""

    references: dict[str, str] = field(default_factory=dict)
    is_direct: bool = False
    queryset: str | None = None


@dataclass
class House:
    """The owned models of a code base, and the querysets that have a scope."""

    models: dict[str, Model]
    scoped_querysets: set[str]

    @classmethod
    def read(cls, root: Path) -> "House":
        """Look at every model of the apps: owned is what refers to an organization, or to what is owned."""
        trees = [parse(root, path) for path in python_files(root) if is_models(path)]
        classes = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
        models = {node.name: read_model(node) for node in classes}
        scoped = {node.name for node in classes if SCOPES & {getattr(part, "name", "") for part in node.body}}
        owned = {name for name, model in models.items() if model.is_direct or name == ROOT_MODEL}
        while more := {name for name, model in models.items() if owned & set(model.references.values())} - owned:
            owned |= more
        return cls({name: models[name] for name in owned}, scoped)

    def complaints(self) -> Iterator[str]:
        """Owned models that nobody can ask for on somebody's behalf; what belongs to a row in hand need not."""
        for name, model in sorted(self.models.items()):
            if (model.is_direct or name == ROOT_MODEL) and model.queryset not in self.scoped_querysets:
                yield f"The model {name} belongs to an organization, but its queryset has none of {sorted(SCOPES)}."


def read_model(node: ast.ClassDef) -> Model:
    """The references of a class, where it is a model."""
    model = Model()
    for part in node.body:
        if not (isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name)):
            continue
        name, call = part.targets[0].id, part.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        if call.func.attr in REFERENCES:
            model.references[name] = target_of(call)
        elif call.func.attr == "as_manager":
            model.queryset = ast.unparse(call.func.value)
        model.is_direct |= name == "organization_id" or model.references.get(name) == ROOT_MODEL
    return model


def target_of(call: ast.Call) -> str:
    """The name of the model that a field points to, written as a class or as a string."""
    target = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "to")][0]
    text = target.value if isinstance(target, ast.Constant) else ast.unparse(target)
    return str(text).rpartition(".")[2]


def python_files(root: Path) -> Iterator[Path]:
    """The apps' files, as paths from the root; migrations and the embedded runtime know no organizations."""
    for app in APPS:
        for path in sorted((root / app).rglob("*.py")):
            if not {"migrations", "local"} & set(path.relative_to(root).parts):
                yield path.relative_to(root)


def is_models(path: Path) -> bool:
    """Whether a file defines models, and with them what a scope is."""
    return path.stem == "models" or "models" in path.parts


def parse(root: Path, path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse((root / path).read_text(encoding="utf-8"))
