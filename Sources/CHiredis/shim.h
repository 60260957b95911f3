// hiredis is used as the RESP codec only: its reader, none of its sockets.
#include <hiredis/read.h>
#include <hiredis/hiredis.h>
