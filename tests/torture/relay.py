"""A TCP relay that delivers late: what arrives leaves, in order, after the present delay.

usage: relay.py DELAY_FILE LISTEN TARGET [LISTEN TARGET ...]     each ADDRESS:PORT

DELAY_FILE holds the delay in milliseconds and is read anew for each piece. The kernels here have no
netem; this stands in for a long line. A connection that breaks on one side is broken on the other.
"""

import asyncio
import sys

PIECE_BYTES = 1 << 16


class Relay:
    def __init__(self, delay_file):
        self.delay_file = delay_file

    def delay(self):
        with open(self.delay_file, encoding="ascii") as file:
            return int(file.read()) / 1000

    async def receive(self, reader, pieces):
        """Puts each piece with the time at which it may leave; b"" is the end."""
        loop = asyncio.get_running_loop()
        piece = b"."
        while piece:
            try:
                piece = await reader.read(PIECE_BYTES)
            except OSError:
                piece = b""
            await pieces.put((loop.time() + self.delay(), piece))

    @staticmethod
    async def deliver(pieces, writer):
        loop = asyncio.get_running_loop()
        try:
            while True:
                due, piece = await pieces.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not piece:
                    break
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass

    async def carry(self, reader, writer):
        pieces = asyncio.Queue(64)
        receiving = asyncio.ensure_future(self.receive(reader, pieces))
        await self.deliver(pieces, writer)
        receiving.cancel()

    async def connect(self, target, reader, writer):
        host, port = target.rsplit(":", 1)
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.transport.abort()
            return
        directions = [asyncio.ensure_future(self.carry(reader, far_writer)),
                      asyncio.ensure_future(self.carry(far_reader, writer))]
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        for direction in directions:
            direction.cancel()
        for end in (writer, far_writer):
            end.transport.abort()

    async def serve(self, listen, target):
        host, port = listen.rsplit(":", 1)

        async def accepted(reader, writer):
            await self.connect(target, reader, writer)
        server = await asyncio.start_server(accepted, host, int(port))
        async with server:
            await server.serve_forever()


async def main():
    relay = Relay(sys.argv[1])
    ends = sys.argv[2:]
    await asyncio.gather(*[relay.serve(listen, target)
                           for listen, target in zip(ends[::2], ends[1::2])])


if __name__ == "__main__":
    asyncio.run(main())
