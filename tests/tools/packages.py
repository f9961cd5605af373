"""Packages and an index of them, for tests without a network."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path


def wheel(folder: Path, name: str, version: str = "1.0", *, needs: str = "", text: str = "") -> str:
    """Put a package into a folder; its line in a lock."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    about += f"Requires-Dist: {needs}\n" if needs else ""
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        for path, content in {
            f"{name}.py": text,
            f"{info}/METADATA": about,
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": "",
        }.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


def index(folder: Path) -> str:
    """Make the folder's packages an index, as PEP 503 describes it; its URL."""
    for file in folder.glob("*.whl"):
        listing = folder / "simple" / file.name.partition("-")[0] / "index.html"
        listing.parent.mkdir(parents=True, exist_ok=True)
        with listing.open("a") as page:
            page.write(f'<a href="{file.as_uri()}">{file.name}</a>\n')
    return (folder / "simple").as_uri()
