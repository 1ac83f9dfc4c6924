"""Files on local disks, in S3 and in other stores that fsspec can open."""
