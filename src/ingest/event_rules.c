/* event_rules.c */
