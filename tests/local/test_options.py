"""What the environment may ask of `make run`, and the sentences for what it may not."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from coditect.local.errors import LocalError
from coditect.local.options import ROOT, check_port, make_data_dir, read_options

NOBODY = 65534


class TestReadOptions:
    def test_has_defaults(self) -> None:
        options = read_options({})
        assert options.data_dir == ROOT / "var"
        assert options.port == 8000
        assert options.public_url == "http://127.0.0.1:8000"
        assert options.database_url is None
        assert options.redis_url is None

    def test_honours_the_environment(self) -> None:
        options = read_options(
            {
                "CODITECT_DATA_DIR": "/elsewhere",
                "PORT": "8001",
                "PUBLIC_URL": "https://licenses.example/",
                "DATABASE_URL": "postgresql://mine/db",
                "REDIS_URL": "redis://mine/0",
            }
        )
        assert options.data_dir == Path("/elsewhere")
        assert options.port == 8001
        assert options.public_url == "https://licenses.example"
        assert options.database_url == "postgresql://mine/db"
        assert options.redis_url == "redis://mine/0"

    def test_takes_an_empty_variable_for_an_unset_one(self) -> None:
        assert read_options({"PORT": "", "CODITECT_DATA_DIR": "", "DATABASE_URL": ""}) == read_options({})

    def test_reads_a_relative_directory_from_the_repository(self) -> None:
        assert read_options({"CODITECT_DATA_DIR": "other"}).data_dir == ROOT / "other"

    @pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "\N{ARABIC-INDIC DIGIT EIGHT}000", "80 00"])
    def test_refuses_a_bad_port(self, port: str) -> None:
        with pytest.raises(LocalError, match="it must be a number from 1 to 65535"):
            read_options({"PORT": port})

    @pytest.mark.parametrize("name", ["sandbox", "staging", "production"])
    def test_refuses_other_environments_than_development(self, name: str) -> None:
        with pytest.raises(LocalError, match=f"CODITECT_ENV is {name}.* Unset CODITECT_ENV"):
            read_options({"CODITECT_ENV": name})


class TestMakeDataDir:
    def test_makes_it(self, tmp_path: Path) -> None:
        make_data_dir(tmp_path / "a" / "b")
        assert (tmp_path / "a" / "b" / "log").is_dir()

    def test_explains_what_stands_in_the_way(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(LocalError, match=r"cannot be made \(Not a directory\)\. Set CODITECT_DATA_DIR"):
            make_data_dir(tmp_path / "file" / "data")

    def test_explains_whose_directory_it_may_be(self, anothers_directory: Path) -> None:
        with pytest.raises(LocalError, match="belongs to another user"):
            make_data_dir(anothers_directory)


@pytest.fixture
def anothers_directory() -> Iterator[Path]:
    """A data directory that may be read but not written; root, who may do everything, is nobody for a moment."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        make_data_dir(directory)
        for folder in (directory / "log", directory):
            folder.chmod(0o555)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(NOBODY)
        yield directory
        if is_root:
            os.seteuid(0)
        directory.chmod(0o755)


class TestCheckPort:
    def test_names_a_free_one_instead_of_a_taken_one(self, taken_port: int) -> None:
        with pytest.raises(LocalError, match=rf"Port {taken_port} is taken .* PORT=\d+ make run") as caught:
            check_port(taken_port)
        check_port(int(str(caught.value).split("PORT=")[1].split()[0]))
