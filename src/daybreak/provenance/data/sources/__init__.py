"""Adapters: how a dataset of each kind is read.

files         a file or a folder, by bytes · parquet: the same, with rows and columns from the footers
delta         the active files of a Delta table, and its version · iceberg: those of a snapshot
huggingface   datasets saved to disk, with their fingerprint; revisions in the hub's cache
objects       s3://, gs:// and whatever else fsspec knows, by version ids and etags
"""
