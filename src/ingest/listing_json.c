/* listing_json.c */
