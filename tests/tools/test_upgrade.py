"""`make upgrade` moves every pin together, or none."""

from __future__ import annotations

import json

import pytest

from tools import upgrade

FILES = {
    "requirements.txt": "# The stack.\npulumi==3.1.0\nPyYAML==6.0.1\n",
    "requirements-dev.txt": "# And the rest.\n-r requirements.txt\nruff==0.1.0\n",
    "constraints.txt": "old-friend==1.0\npulumi==3.1.0\nPyYAML==6.0.1\nruff==0.1.0\n",
    "tools/setup.py": 'ENGINE = "3.1.0"\n',
    "sandbox/stack.py": 'ENGINE_VERSION = "3.1.0"\n',
    "Pulumi.yaml": 'requiredPulumiVersion: ">=3.1.0 <4.0.0"\n',
    "README.md": "Install [Pulumi](there) 3.1 or newer.\n",
    "tools/engine/go.mod": "pulumi v3.1.0\n",
    "tools/engine/go.sum": "pulumi v3.1.0 h1:a\n",
}


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def contents(project):
    return {name: (project / name).read_text() for name in FILES}


class Machine:
    """pip and go that know these versions."""

    def __init__(self, *, modules=True, **versions):
        self.versions = {"pulumi": "3.2.0", "PyYAML": "6.0.1", "ruff": "0.1.0", **versions}
        self.modules = modules
        self.asked = []

    def __call__(self, command, folder):
        if "install" in command:
            self.asked = command[command.index("-") + 1 :]
            found = [{"name": name, "version": v} for name, v in self.versions.items()]
            return json.dumps({"install": [{"metadata": item} for item in found]})
        if command[:2] == ["go", "get"]:
            if not self.modules:
                raise upgrade.UpgradeError("no such module")
            version = command[-1].rpartition("@")[2]
            (folder / "go.mod").write_text(f"pulumi {version}\n")
            (folder / "go.sum").write_text(f"pulumi {version} h1:b\n")
        return ""


def test_packages_constraints_and_engine_move_together(project, capsys):
    machine = Machine(ruff="0.2.0", newcomer="2.0")
    assert upgrade.main([], root=project, run=machine) == 0

    assert machine.asked == ["pulumi", "pyyaml", "ruff"]
    assert contents(project) == {
        "requirements.txt": "# The stack.\npulumi==3.2.0\nPyYAML==6.0.1\n",
        "requirements-dev.txt": "# And the rest.\n-r requirements.txt\nruff==0.2.0\n",
        "constraints.txt": "newcomer==2.0\npulumi==3.2.0\nPyYAML==6.0.1\nruff==0.2.0\n",
        "tools/setup.py": 'ENGINE = "3.2.0"\n',
        "sandbox/stack.py": 'ENGINE_VERSION = "3.2.0"\n',
        "Pulumi.yaml": 'requiredPulumiVersion: ">=3.2.0 <4.0.0"\n',
        "README.md": "Install [Pulumi](there) 3.2 or newer.\n",
        "tools/engine/go.mod": "pulumi v3.2.0\n",
        "tools/engine/go.sum": "pulumi v3.2.0 h1:b\n",
    }
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["ruff", "0.1.0", "->", "0.2.0"] in told
    assert ["newcomer", "new", "->", "2.0"] in told
    assert ["old-friend", "1.0", "->", "gone"] in told


def test_a_dry_run_tells_and_changes_nothing(project, capsys):
    assert upgrade.main(["--dry-run"], root=project, run=Machine()) == 0
    assert "3.1.0 -> 3.2.0" in capsys.readouterr().out
    assert contents(project) == FILES


def test_an_engine_that_cannot_be_built_moves_nothing(project, capsys):
    assert upgrade.main([], root=project, run=Machine(ruff="0.2.0", modules=False)) == 1
    assert "nothing was moved" in capsys.readouterr().err
    assert contents(project) == FILES


def test_a_file_without_the_expected_version_moves_nothing(project, capsys):
    (project / "sandbox/stack.py").write_text('ENGINE_VERSION = "3.0.0"\n')
    assert upgrade.main([], root=project, run=Machine()) == 1
    assert "sandbox/stack.py does not say" in capsys.readouterr().err
    assert "3.1.0" in (project / "requirements.txt").read_text()


def test_the_engine_can_be_held(project):
    machine = Machine(pulumi="3.1.0", ruff="0.2.0")
    assert upgrade.main(["--engine", "3.1.0"], root=project, run=machine) == 0
    assert machine.asked[0] == "pulumi==3.1.0"
    assert 'ENGINE = "3.1.0"' in (project / "tools/setup.py").read_text()
    assert "ruff==0.2.0" in (project / "requirements-dev.txt").read_text()


def test_nothing_newer_is_said(project, capsys):
    (project / "constraints.txt").write_text("pulumi==3.1.0\npyyaml==6.0.1\nruff==0.1.0\n")
    assert upgrade.main([], root=project, run=Machine(pulumi="3.1.0")) == 0
    assert "every pin is the newest that fits" in capsys.readouterr().out


def test_a_command_that_fails_is_told_in_its_own_words(tmp_path):
    with pytest.raises(upgrade.UpgradeError, match="no good"):
        upgrade.run(["sh", "-c", "echo no good >&2; exit 3"], tmp_path)
    with pytest.raises(upgrade.UpgradeError, match="No such file"):
        upgrade.run(["not-a-command"], tmp_path)
