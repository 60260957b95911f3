import TestKit

/// What systemd does for `ordershopd.socket`, in a few lines: holds the listening sockets, gives them to the daemon, and
/// starts it again whenever it ends.
enum SocketHolder {
    /// To be put before the daemon and its arguments, of which it takes the places to listen at.
    static let launcher = ["python3", "-c", program]

    private static let program = """
        import os, socket, subprocess, sys
        command = sys.argv[1:]
        value = lambda flag: command[command.index(flag) + 1]
        control = socket.socket(socket.AF_UNIX)
        control.bind(value("--socket"))
        rest = socket.socket()
        rest.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        host, port = value("--http").split(":")
        rest.bind((host, int(port)))
        for listener in (control, rest): listener.listen(4096)
        os.environ["LISTEN_FDS"] = "2"
        def hand_over():
            copies = [os.dup(control.fileno()), os.dup(rest.fileno())]
            high = [os.dup2(copy, 100 + i) for i, copy in enumerate(copies)]
            for i, descriptor in enumerate(high): os.dup2(descriptor, 3 + i)
            os.closerange(5, 200)
            os.environ["LISTEN_PID"] = str(os.getpid())
        while True:
            pid = os.fork()
            if pid == 0:
                hand_over()
                os.execvp("setpriv", ["setpriv", "--pdeathsig", "KILL"] + command)
            _, status = os.waitpid(pid, 0)
            print("the daemon ended with status", status, flush=True)
        """
}
