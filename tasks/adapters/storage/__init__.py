"""Files on local disks, in S3 and in what else fsspec opens."""
