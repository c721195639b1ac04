"""The file that tells `manage.py` where the running servers are."""

from pathlib import Path

import dotenv

from coditect.local import run_env
from coditect.local.files import kept_secret


class TestRunEnv:
    def test_is_read_by_dotenv_as_it_was_meant(self, tmp_path: Path) -> None:
        values = {"URL": "postgresql://a:b@127.0.0.1:1/c", "ODD": 'it\'s $HOME #no \\n "quoted" ', "EMPTY": ""}
        run_env.write(tmp_path / "run.env", values)
        assert dotenv.dotenv_values(tmp_path / "run.env") == values

    def test_is_for_its_owner_only(self, tmp_path: Path) -> None:
        run_env.write(tmp_path / "run.env", {"A": "1"})
        assert (tmp_path / "run.env").stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["run.env"]


class TestKeptSecret:
    def test_is_made_once_and_for_its_owner_only(self, tmp_path: Path) -> None:
        secret = kept_secret(tmp_path / "secret", size=48)
        assert kept_secret(tmp_path / "secret", size=48) == secret
        assert kept_secret(tmp_path / "other", size=48) != secret
        assert len(secret) >= 50
        assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
