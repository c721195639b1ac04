"""Finds queries that could reach over the border between organizations: `python -m tests.workshop.tenancy`.

Rows of a model that belongs to an organization are asked for by a method that says on whose behalf (SCOPES). Services
may also go on from a row in hand, since that was come by in the same way: `filter(license=license)`,
`filter(pk=session.pk)`; an id is no row, for it can come from a request. And they may lock by id (LOCKS), since what
they lock was chosen before.

What has to look at all organizations says why: `# tenancy: <reason>` beside or above the query, or beside the `def`
around it. A reason that excuses nothing is a complaint too, so that none outlives its query.
"""

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.workshop.files import ROOT
from tests.workshop.owned_models import SCOPES, House, Model, is_models, parse, python_files

MANAGERS = {"objects", "_default_manager", "_base_manager"}
# These write rows that the caller has made or has in hand.
WRITES = {"create", "bulk_create", "bulk_update"}
LOOKUPS = {"filter", "get", "get_or_create", "update_or_create"}
LOCKS = {"LockedLicense.take"}
FINDERS = {"get_model", "get_object_or_404", "get_list_or_404"}
MARK = "# tenancy:"
WORDS_OF_A_REASON = 3


class Source:
    """One file: its queries, and the reasons given in it."""

    def __init__(self, root: Path, path: Path, house: House) -> None:
        self.path, self.house, self.tree = path, house, parse(root, path)
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        imports = [node for node in ast.walk(self.tree) if isinstance(node, ast.ImportFrom)]
        self.aliases = {alias.asname: alias.name for node in imports for alias in node.names if alias.asname}
        self.reasons = reasons_in((root / path).read_text(encoding="utf-8"))

    def complaints(self) -> Iterator[str]:
        """A sentence for each query without scope or reason, and for each reason that is none."""
        used: set[int] = set()
        for node, model in self.queries():
            lines = self.lines_beside(node) & set(self.reasons)
            used |= lines
            if not lines:
                yield f"{self.path}:{node.lineno}: {model} is asked for without {' or '.join(sorted(SCOPES))}."
        for line, reason in self.reasons.items():
            if len(reason.split()) < WORDS_OF_A_REASON:
                yield f"{self.path}:{line}: this is no reason to leave the organization open."
            elif line not in used:
                yield f"{self.path}:{line}: this reason excuses nothing."

    def queries(self) -> Iterator[tuple[ast.expr, str]]:
        """Every query of an owned model that is not scoped."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute) and node.attr in MANAGERS:
                model = self.model_of(node.value)
                if model and not self.is_scoped(node, self.house.models[model]):
                    yield node, model
            elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in FINDERS:
                for model in filter(None, map(self.model_of, node.args)):
                    yield node, model

    def model_of(self, node: ast.expr) -> str | None:
        """The owned model that an expression names, however it was imported."""
        name = str(node.value) if isinstance(node, ast.Constant) else ast.unparse(node)
        last = name.rpartition(".")[2]
        model = self.aliases.get(last, last)
        return model if model in self.house.models else None

    def is_scoped(self, manager: ast.expr, model: Model) -> bool:
        """Whether a query says on whose behalf, writes only, or (in a service) goes on from a row, or locks one."""
        calls = list(self.chain(manager))
        names = [name for name, _ in calls]
        if SCOPES & set(names) or WRITES & set(names[:1]):
            return True
        if "services" not in self.path.parts or not calls:
            return False
        outer = self.parents[calls[-1][1]]
        if isinstance(outer, ast.Call) and ast.unparse(outer.func) in LOCKS:
            return True
        lookups = [keyword for name, call in calls if name in LOOKUPS for keyword in call.keywords]
        return any(self.is_row(keyword, model) for keyword in lookups)

    def chain(self, node: ast.expr) -> Iterator[tuple[str, ast.Call]]:
        """The calls that follow on a manager, as in `.filter(…).first()`, each with its name."""
        while isinstance(attribute := self.parents.get(node), ast.Attribute):
            call = self.parents[attribute]
            if not isinstance(call, ast.Call) or call.func is not attribute:
                return
            yield attribute.attr, call
            node = call

    def is_row(self, keyword: ast.keyword, model: Model) -> bool:
        """Whether a lookup names a row, or rows, that the service has in hand."""
        name, value = keyword.arg or "", ast.unparse(keyword.value)
        if not isinstance(keyword.value, ast.Name | ast.Attribute):
            return False
        if name in {"pk", "id"}:
            return value.endswith(".pk")
        owner = model.references.get(name.removesuffix("__in"))
        return owner in self.house.models and not value.endswith(("_id", "_ids", "pk", ".id"))

    def lines_beside(self, node: ast.AST) -> set[int]:
        """Where a reason for a query may stand: at its statement, or at the heads of the functions around it."""
        lines: set[int] = set()
        while not isinstance(node, ast.Module):
            if isinstance(node, ast.FunctionDef):
                lines |= set(range(node.lineno, node.body[0].lineno))
            elif isinstance(node, ast.stmt) and not isinstance(node, ast.ClassDef) and not lines:
                lines = set(range(node.lineno - 1, (node.end_lineno or node.lineno) + 1))
            node = self.parents[node]
        return lines


def reasons_in(text: str) -> dict[int, str]:
    """The reasons given in a file, by line."""
    comments = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if MARK in token.string]
    return {
        token.start[0]: token.string.removeprefix(MARK).strip() for token in comments if token.type == tokenize.COMMENT
    }


def complaints(root: Path) -> Iterator[str]:
    """Yield a sentence for each way over the border."""
    house = House.read(root)
    yield from house.complaints()
    for path in python_files(root):
        if not is_models(path):
            yield from Source(root, path, house).complaints()


def main() -> int:
    """Print what was found. Exit code 1 where there is something."""
    found = list(complaints(ROOT))
    for complaint in found:
        sys.stderr.write(f"{complaint}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
