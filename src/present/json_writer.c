/* json_writer.c */
