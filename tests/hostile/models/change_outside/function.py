"""Change files outside scratch without writing to them: modes, times, owners, links, lengths, names. Each change is to what the file is already, so that nothing is lost where it works."""

import os


def attempt(steps, name, call):
    """Keep how one step ended; LEAKED means that the attack worked."""
    try:
        steps[name] = "LEAKED " + repr(call())[:200]
    except BaseException as error:
        steps[name] = f"denied {type(error).__name__}: {error}"[:200]


def told(steps):
    return {"contained": not any(v.startswith("LEAKED") for v in steps.values()), "steps": steps}


def run(inputs):
    steps, own = {}, os.path.abspath(__file__)
    open("mine", "w").close()
    for path in (own, "/etc/hostname", os.__file__, "/tmp", os.path.dirname(os.getcwd())):
        attempt(steps, f"chmod {path}", lambda path=path: os.chmod(path, os.stat(path).st_mode & 0o7777))
        attempt(
            steps, f"utime {path}", lambda path=path: os.utime(path, (os.stat(path).st_atime, os.stat(path).st_mtime))
        )
        attempt(steps, f"chown {path}", lambda path=path: os.chown(path, os.stat(path).st_uid, os.stat(path).st_gid))
        attempt(steps, f"setxattr {path}", lambda path=path: os.setxattr(path, "user.hostile", b"x"))
        attempt(steps, f"truncate {path}", lambda path=path: os.truncate(path, os.stat(path).st_size))
        attempt(steps, f"append to {path}", lambda path=path: open(path, "ab").close())
        attempt(steps, f"link {path}", lambda path=path: os.link(path, "linked"))
        attempt(
            steps, f"make below {path}", lambda path=path: os.mkdir(os.path.join(os.path.dirname(path), "hostile-made"))
        )
    for path in inputs.get("canaries", []):
        attempt(steps, f"rename {path}", lambda path=path: os.rename(path, "moved"))
        attempt(steps, f"remove {path}", lambda path=path: os.unlink(path))
    attempt(steps, "rename out", lambda: os.rename("mine", "/tmp/hostile-moved"))
    attempt(steps, "symlink", lambda: os.symlink("/etc/passwd", "linked"))
    attempt(steps, "fifo", lambda: os.mkfifo("fifo"))
    return told(steps)
