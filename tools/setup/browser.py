"""Unpack the Chromium of the npm package `@sparticuz/chromium`.

The package holds a browser for Linux on x64, the libraries that a
small machine lacks, and a font, each compressed with Brotli, which Node.js reads.
https://github.com/Sparticuz/chromium#bundling
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.setup.common import works

DECOMPRESS = (
    "const [from, to] = process.argv.slice(1), fs = require('fs'), zlib = require('zlib');"
    "require('stream').pipeline(fs.createReadStream(from), zlib.createBrotliDecompress(),"
    "fs.createWriteStream(to), error => { if (error) { throw error; } });"
)
ARCHIVES = ("al2023", "fonts", "swiftshader")
"""Archives with libraries in `lib/`, a font in `fonts/`, a graphics library beside the browser."""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{0}/fonts</dir><cachedir>{0}/font-cache</cachedir></fontconfig>
"""
START = """#!/bin/sh
# The browser with its own libraries and its own font, so that pages look alike on every machine.
export LD_LIBRARY_PATH="{0}/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
export FONTCONFIG_FILE="{0}/fonts.xml"
exec "{0}/chromium" "$@"
"""


def unpack(node: Path, source: Path, target: Path) -> bool:
    """Create `target`, whole or not at all, with the command `start` in it; tell if that worked."""
    work = target.with_suffix(".new")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    compressed = {
        "chromium": "chromium.br",
        **{f"{name}.tar": f"{name}.tar.br" for name in ARCHIVES},
    }
    for name, packed in compressed.items():
        if not works([node, "-e", DECOMPRESS, source / packed, work / name], show=True):
            return False
    (work / "chromium").chmod(0o755)
    for name in ARCHIVES:
        archive = work / f"{name}.tar"
        shutil.unpack_archive(archive, work, "tar")
        archive.unlink()
    (work / "fonts.xml").write_text(FONTS.format(target))
    (work / "start").write_text(START.format(target))
    (work / "start").chmod(0o755)
    work.rename(target)
    return True
