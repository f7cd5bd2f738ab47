-- A distribution's severity of its own packages is now read from its records in OSV: they are read anew with the next sync, though they
-- did not change. A handful of rows.

UPDATE feed_document SET etag = NULL, last_modified = NULL
WHERE feed = 'osv' AND document IN ('Ubuntu/all.zip', 'openEuler/all.zip', 'SUSE/all.zip', 'openSUSE/all.zip',
                                    'AlmaLinux/all.zip', 'Rocky Linux/all.zip', 'Mageia/all.zip');
