/* sqlite_store.c */
