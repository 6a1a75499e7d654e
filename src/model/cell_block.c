/* cell_block.c */
