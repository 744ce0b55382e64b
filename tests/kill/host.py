"""`python -m tests.kill.host`: what `sugar-roistat serve` runs, with a second worker
beside the first, as a host gives who asks for more of them.
"""

from receiver import logs
from receiver.bootstrap import LIVE
from receiver.config import Config, child_environment
from receiver.embedded import EmbeddedValkey
from receiver.serve import start_receiver
from receiver.supervisor import Supervisor


def main() -> None:
    """Run until told to stop."""
    config = Config.from_environment()
    logs.configure(config.log_format)
    store = EmbeddedValkey(config.data_dir)
    store.start()
    try:
        supervisor = Supervisor(child_environment(REDIS_URL=store.url))
        start_receiver(supervisor, "127.0.0.1", config.port)
        supervisor.start("second worker", ["receiver.worker", LIVE])
        supervisor.run(also=store.restart_if_dead)
    finally:
        store.stop()


if __name__ == "__main__":
    main()
