"""The agent of one machine: slots, a warm parent per experiment, attempts as processes, their reports as events.

executor        LocalExecutor: orders in, events out
attempts        what every attempt has: a key, a grant, one end
  workers       attempts of functions: forked from a warm parent, spoken to in frames · members: their processes, one per rank
  commands      attempts of unedited scripts, frozen by suspending them · scripts: their processes, read line by line
slots           what there is to run on · environment: what a process is told about its slots, gang and trial
parents         the warm parent of an experiment · door: where workers knock · connections: frames on non-blocking sockets
processes       starting, signalling and reaping process groups · watchdog: ends them when this process is killed
suspended       frozen scripts in memory · memory: who uses how much · failures: why something ended, in words
metrics         numbers in what a script prints · captured: whether the code is still the code of the experiment
data_watch      whether its data is still its data · sealed: test data, look by look
credentials     what attempts are given · redacted: and what logs are not

Everything runs on the loop's one thread; nothing blocks, polls or sleeps. What would is done by `aside`, on threads of its own.
"""

from daybreak.executors.local.executor import LocalExecutor
from daybreak.executors.local.slots import detect_slots

__all__ = ["LocalExecutor", "detect_slots"]
