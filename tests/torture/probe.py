"""How soon a lost worker's job runs elsewhere, measured on a pool that is at rest."""

import time

from crew import wait_until

# Promise 6: of a worker that is killed, and of one that falls silent, with the liveness time (3 s).
KILL_BAR_S = 0.5
STOP_BAR_S = 3.5


class Probe:
    """Its jobs are in the round's records like any producer's."""

    def __init__(self, scene):
        self.scene = scene
        self.record = scene.folder / "probe.producer"
        self.line("settled")

    def line(self, words):
        with open(self.record, "a", encoding="ascii") as file:
            file.write(f"{time.monotonic_ns()} {words}\n")

    def starts(self, worker):
        path = self.scene.folder / f"{worker.name}.worker"
        if not path.exists():
            return []
        return [int(line.split(" ")[0]) for line in path.read_text().splitlines()
                if " start " in line]

    def add_worker(self):
        worker = self.scene.add_worker(1, 1, queues=["probe"])
        self.scene.router.wait_status(
            lambda s: any(each["name"] == worker.name for each in s["workers"]), worker.name)
        return worker

    def takeover(self, lose, what):
        """Seconds from the loss of a worker until its job starts at another."""
        victim = self.add_worker()
        label = f"probe-{self.scene.number}-{what}"
        self.line(f"submit {label} ld none stays")
        router = self.scene.router
        job_id = self.scene.crew.zcrew("submit", "--router", router.clients, "--queue", "probe",
                                       "--ids", f"{label} ld 0 ").stdout.strip()
        self.line(f"confirmed {label} {job_id}")
        wait_until(lambda: self.starts(victim), "the job to start")
        heir = self.add_worker()
        lost_at = time.monotonic_ns()
        lose(victim)
        (began,) = wait_until(lambda: self.starts(heir), "the job to start elsewhere")
        router.wait_status(lambda s: s["held"] == 0, "the job to end")
        if heir.name in self.scene.workers:
            self.scene.kill(self.scene.workers, heir)
        return (began - lost_at) / 1e9


def probes(scene):
    """(what, how to measure it in seconds, how many seconds are promised)"""
    probing = Probe(scene)

    def kill(worker):
        scene.kill(scene.workers, worker)

    def stop(worker):
        scene.note("stop", worker.name)
        worker.stop()

    def after_stop():
        try:
            return probing.takeover(stop, "stop")
        finally:
            for worker in scene.workers.values():
                if worker.stopped:
                    worker.go_on()
                    scene.note("continue", worker.name)

    return (("takeover after SIGKILL, s", lambda: probing.takeover(kill, "kill"), KILL_BAR_S),
            ("takeover after SIGSTOP, s", after_stop, STOP_BAR_S))
