"""Files of other storage that an index mirrors (S3, SFTP, WebDAV), reached through fsspec."""
