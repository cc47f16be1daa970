/* SQLite, as a process of ours wants it. For the file that opens databases. */
#ifndef SL_STORE_SQLITE_H
#define SL_STORE_SQLITE_H

/* Before the first database is opened; later it changes nothing. */
void sl_sqlite_set_up(void);

#endif
