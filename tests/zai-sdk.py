"""Orders a clip with Z.AI's own client library and fetches the result; run by tests/zai-sdk.sh.

The library is used as its readers use it: only the base URL and the key are not the real ones.
"""

import sys
import time
import urllib.request

from zai import ZaiClient
from zai.core import APIStatusError

url, key = sys.argv[1], sys.argv[2]
client = ZaiClient(api_key=key, base_url=f"{url}/paas/v4")

task = client.videos.generations(
    model="cogvideox-3",
    prompt="A cat is playing with a ball.",
    quality="quality",
    with_audio=True,
    size="1920x1080",
    fps=30,
)
assert task.id and task.task_status == "PROCESSING", task

deadline = time.monotonic() + 60
result = client.videos.retrieve_videos_result(id=task.id)
while result.task_status == "PROCESSING":
    assert time.monotonic() < deadline, "the clip did not come within a minute"
    time.sleep(0.2)
    result = client.videos.retrieve_videos_result(id=task.id)
assert result.task_status == "SUCCESS", result

clip = urllib.request.urlopen(result.video_result[0].url).read()
assert clip[4:8] == b"ftyp", clip[:16]
cover = urllib.request.urlopen(result.video_result[0].cover_image_url).read()
assert cover, "no cover came"

# What the server refuses, the library understands as the real one's refusal.
try:
    client.videos.generations(model="cogvideox-3", prompt="x" * 513)
except APIStatusError as error:
    assert error.status_code == 400, error
else:
    raise AssertionError("a prompt of 513 characters was accepted")

print(f"{task.id}: {len(clip)} bytes of video, {len(cover)} bytes of cover")
