"""Memory above idle while a WAV of 60 MB is downloaded, transcoded to Opus and uploaded.

Idle is measured after a small file has been delivered, so that the codecs are loaded. The peak is the system's own, of
the service and of its decoding children, each above its own idle. There is no baseline: holding the file would take
its size.
"""

from pathlib import Path

from benchmarks.app_rig import serving
from benchmarks.harness import Aim, Benchmark, Figures, Row, Side
from benchmarks.memory_of import children, forget_peak, peak_bytes, rss_bytes
from benchmarks.peers import peer
from benchmarks.sounds import wav

MIB = 2**20
BENCHMARK = Benchmark(
    name="memory",
    rounds=2,
    sides={"service": Side(run="benchmarks.rows.memory:service", options={"size_mb": 60}, quick={"size_mb": 6})},
    rows=[
        Row(what="60 MB artifact: above idle", side="service", figure="above_mib", unit="MiB", aim=Aim(16, "MiB")),
        Row(what="60 MB artifact: of this, the service", side="service", figure="service_mib", unit="MiB"),
        Row(what="60 MB artifact: of this, its codecs", side="service", figure="codecs_mib", unit="MiB"),
    ],
)


async def service(*, folder: str, size_mb: int, shared: str) -> Figures:  # noqa: ARG001
    """Deliver a small file, then a large one."""
    audio = wav(Path(folder) / "audio.wav", 1_000_000)
    async with peer(audio) as outside, serving(folder, outside) as running:
        for _ in range(4):  # each child has one
            await running.deliver()
        wav(audio, size_mb * 1_000_000)
        codecs = children("core.media.child")
        idle = {pid: rss_bytes(pid) for pid in (None, *codecs)}
        for pid in idle:
            forget_peak(pid)
        await running.deliver()
        above = {pid: peak_bytes(pid) - idle[pid] for pid in idle}
        of_codecs = sum(above[pid] for pid in codecs)
        return {
            "above_mib": sum(above.values()) / MIB,
            "service_mib": above[None] / MIB,
            "codecs_mib": of_codecs / MIB,
            "idle_mib": sum(idle.values()) / MIB,
        }
