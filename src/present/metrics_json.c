/* metrics_json.c */
