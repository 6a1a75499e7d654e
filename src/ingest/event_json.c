/* event_json.c */
