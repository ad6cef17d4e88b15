#!/bin/sh
# Makes the files of this folder anew; needs ffmpeg.
set -e
cd "$(dirname "$0")"
left='0.4*sin(2*PI*(200*t+5000*t*t))'
right='0.4*sin(2*PI*(300*t+4000*t*t))'
encode() { ffmpeg -hide_banner -loglevel error -y -f lavfi -i "$1" -bitexact -map_metadata -1 $2; }
tone="aevalsrc=$left|$right:s=44100:d=0.2"
encode "$tone" '-c:a flac -sample_fmt s16 -compression_level 12 tone.flac'
encode "$tone" '-c:a libmp3lame -b:a 192k tone.mp3'
encode "$tone" '-c:a libvorbis -q:a 6 tone.ogg'
encode "$tone" '-c:a aac -b:a 160k tone.m4a'
encode "$tone" '-c:a alac -sample_fmt s16p tone_alac.m4a'
encode "$tone" '-c:a libopus -b:a 64k tone.opus'
encode "aevalsrc=$left:s=44100:d=0.2" '-c:a pcm_s16be tone.aiff'
encode "aevalsrc=if(lt(t\,0.5)\,random(0)-0.5\,0.001*sin(2000*t)):s=44100:d=1" \
    '-c:a libmp3lame -q:a 9 -write_xing 0 loud_then_quiet.mp3'
# As MUSDB18 does: the mix, then drums, bass, other and vocals, each a sine of its own.
both() { echo "-f lavfi -i aevalsrc=$1|$1:s=44100:d=0.3"; }
sine() { both "0.2*sin(2*PI*$1*t)"; }
mix='0.2*(sin(2*PI*400*t)+sin(2*PI*800*t)+sin(2*PI*1600*t)+sin(2*PI*3200*t))'
ffmpeg -hide_banner -loglevel error -y $(both "$mix") $(sine 400) $(sine 800) $(sine 1600) $(sine 3200) \
    -map 0 -map 1 -map 2 -map 3 -map 4 -bitexact -map_metadata -1 -c:a aac -b:a 64k sines.stem.mp4
