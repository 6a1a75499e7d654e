/* month_block.c */
