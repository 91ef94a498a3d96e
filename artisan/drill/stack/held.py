"""A supervisor whose parts can also be killed, and stay dead until they are started again."""

from __future__ import annotations

import asyncio
import signal

from artisan.stack.part import Event, State
from artisan.stack.process import signal_group
from artisan.stack.supervisor import Supervisor


class HeldSupervisor(Supervisor):
    """The stack's own supervisor would bring back what a fault has killed."""

    async def kill(self, name: str) -> None:
        """KILL a part, all its processes, and leave it dead."""
        keeper = next(task for task in self._tasks if task.get_name() == name)
        self._tasks.remove(keeper)
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        self.send(name, signal.SIGKILL)
        await self._end(self._parts[name])
        self._tell(Event(name, State.STOPPED))

    async def revive(self, name: str) -> None:
        """Start a part that was killed; returns when it is ready. Raises StartFailed when it does not become so."""
        self._settled[name] = asyncio.get_running_loop().create_future()
        keeper = asyncio.create_task(self._keep(self._parts[name]), name=name)
        keeper.add_done_callback(self._pass_on)
        self._tasks.append(keeper)
        await self._settled[name]

    def send(self, name: str, number: signal.Signals) -> None:
        """A signal to all processes of a part that runs."""
        if process := self._running.get(name):
            signal_group(process.group, number)
