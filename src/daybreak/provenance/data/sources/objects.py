"""Objects of a store (s3://, gs://, az://, memory://, ...) by the version ids and etags their store gives them, through fsspec.

Nothing is downloaded to write a manifest: `tag` is the store's own version id or generation, else its etag or checksum. Of a store
that tells none of these the bytes are read and hashed. A snapshot downloads every object once, and then knows its blake3 too.
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from blake3 import blake3

from daybreak.base.errors import UsageError
from daybreak.provenance.data import manifest as manifests
from daybreak.provenance.data.file import File
from daybreak.provenance.data.hashing import Hasher, Progress
from daybreak.provenance.data.manifest import Manifest
from daybreak.vault.store import Vault

# What stores call the version of an object's bytes, the most precise first.
VERSIONS = ("VersionId", "version_id", "generation", "ETag", "etag", "md5Hash", "content_md5", "crc32c")
BLOCK = 2**22
READERS = 8
PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


class Objects:
    """Whatever has a URL that fsspec knows."""

    kind = "objects"

    def matches(self, place: str) -> bool:
        """Any URL."""
        return "://" in place

    def manifest(self, place: str, hasher: Hasher) -> Manifest:
        """Every object below a prefix, or the one object."""
        store, prefix = opened(place, hasher.variables)
        found = _listed(store, prefix, place)
        files = [_file(store, name, info, prefix) for name, info in found.items()]
        return manifests.make(self.kind, files, single=list(found) == [prefix])


def opened(place: str, variables: Mapping[str, str]) -> tuple[Any, str]:
    """The file system, as fsspec has it, for a URL, and the path in it. Raises `UsageError` where its package is missing."""
    protocol = place.partition("://")[0]
    try:
        import fsspec

        store = fsspec.filesystem(
            protocol, skip_instance_cache=True, use_listings_cache=False, **_options(protocol, variables)
        )
    except (ImportError, ValueError) as error:
        wanted = PACKAGES.get(protocol, "a package of fsspec for it")
        raise UsageError(
            f"{protocol}:// needs packages that are not here ({error}): pip install 'daybreak[remote]' {wanted}"
        ) from error
    return store, store._strip_protocol(place)  # noqa: SLF001 (fsspec's own way from a URL to a path)


def _options(protocol: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """A profile's variables as the store's package names them; without them it looks where the cloud's own library does."""
    options: dict[str, Any] = {}
    if protocol in ("s3", "s3a"):
        names = {"key": "AWS_ACCESS_KEY_ID", "secret": "AWS_SECRET_ACCESS_KEY", "token": "AWS_SESSION_TOKEN"}
        options = {name: variables[variable] for name, variable in names.items() if variable in variables}
        endpoint = variables.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT_URL")
        options |= {"endpoint_url": endpoint} if endpoint else {}
    elif protocol in ("gs", "gcs") and "GOOGLE_APPLICATION_CREDENTIALS" in variables:
        options = {"token": variables["GOOGLE_APPLICATION_CREDENTIALS"]}
    elif protocol in ("az", "abfs"):
        names = {
            "account_name": "AZURE_STORAGE_ACCOUNT",
            "account_key": "AZURE_STORAGE_KEY",
            "sas_token": "AZURE_STORAGE_SAS_TOKEN",
        }
        options = {name: variables[variable] for name, variable in names.items() if variable in variables}
    return options


def _listed(store: Any, prefix: str, place: str) -> dict[str, dict[str, Any]]:
    try:
        found: dict[str, dict[str, Any]] = store.find(prefix, detail=True)
        if not found and store.isfile(prefix):
            found = {prefix: store.info(prefix)}
    except (OSError, RuntimeError) as error:
        raise UsageError(f"{place} cannot be listed: {error}: see its name, and the profile that opens it") from error
    if not found:
        raise UsageError(f"data must be there, nothing lies below {place}")
    return found


def _file(store: Any, name: str, info: Mapping[str, Any], prefix: str) -> File:
    path = name[len(prefix) :].lstrip("/") or name.rpartition("/")[2]
    version = next((f"{key.lower()}:{info[key]}" for key in VERSIONS if info.get(key) not in (None, "", "null")), "")
    size = int(info.get("size") or 0)
    return File(path, size, "" if version else _hashed(store, name), version.replace('"', ""))


def _hashed(store: Any, name: str) -> str:
    hasher = blake3()
    for block in _blocks(store, name):
        hasher.update(block)
    return hasher.hexdigest()


def _blocks(store: Any, name: str) -> Iterator[bytes]:
    with store.open(name, "rb") as file:
        while block := file.read(BLOCK):
            yield block


def keep(vault: Vault, manifest: Manifest, place: str, hasher: Hasher) -> Manifest:
    """Download every object into the vault; the manifest with their hashes. Raises `UsageError`, `VaultError`."""
    store, prefix = opened(place, hasher.variables)
    files: list[File] = []
    done = 0
    with ThreadPoolExecutor(READERS) as pool:
        for file in pool.map(
            lambda file: _download(vault, store, prefix, file, single=manifest.single), manifest.files
        ):
            files.append(file)
            done += file.size
            if hasher.progress is not None:
                hasher.progress(Progress(place, done, manifest.size))
    kept = manifests.make(manifest.kind, files, at=manifest.at, single=manifest.single, splits=manifest.splits)
    if Objects().manifest(place, hasher).root != manifest.root:
        raise UsageError(f"data must hold still while it is kept, but {place} changed: try again")
    return kept


def _download(vault: Vault, store: Any, prefix: str, file: File, *, single: bool) -> File:
    name = prefix if single else f"{prefix.rstrip('/')}/{file.path}"
    with vault.incoming() as arriving:
        for block in _blocks(store, name):
            arriving.write(block)
    return File(file.path, arriving.size, arriving.digest, file.tag)
