package io.gpa4j.internal;

import static org.bytedeco.ffmpeg.global.avcodec.AVDISCARD_ALL;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PCM_F32BE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PCM_F32LE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PCM_F64BE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PCM_F64LE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PCM_S16BE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PCM_S16LE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PCM_S24BE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PCM_S24LE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PCM_S32BE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PCM_S32LE;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_decoder;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_to_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_frame;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_packet;
import static org.bytedeco.ffmpeg.global.avformat.AVIO_FLAG_READ;
import static org.bytedeco.ffmpeg.global.avformat.av_find_best_stream;
import static org.bytedeco.ffmpeg.global.avformat.av_read_frame;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_close_input;
import static org.bytedeco.ffmpeg.global.avformat.avformat_find_stream_info;
import static org.bytedeco.ffmpeg.global.avformat.avformat_open_input;
import static org.bytedeco.ffmpeg.global.avformat.avio_closep;
import static org.bytedeco.ffmpeg.global.avformat.avio_open2;
import static org.bytedeco.ffmpeg.global.avformat.avio_size;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_AUDIO;
import static org.bytedeco.ffmpeg.global.avutil.AV_LOG_QUIET;
import static org.bytedeco.ffmpeg.global.avutil.AV_SAMPLE_FMT_DBLP;
import static org.bytedeco.ffmpeg.global.avutil.AV_SAMPLE_FMT_FLT;
import static org.bytedeco.ffmpeg.global.avutil.AV_TIME_BASE;
import static org.bytedeco.ffmpeg.global.avutil.av_channel_layout_default;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_free;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_set;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_unref;
import static org.bytedeco.ffmpeg.global.avutil.av_log_set_level;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set_double;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set_int;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set_sample_fmt;
import static org.bytedeco.ffmpeg.global.avutil.av_strerror;
import static org.bytedeco.ffmpeg.global.swresample.swr_alloc_set_opts2;
import static org.bytedeco.ffmpeg.global.swresample.swr_convert;
import static org.bytedeco.ffmpeg.global.swresample.swr_free;
import static org.bytedeco.ffmpeg.global.swresample.swr_get_out_samples;
import static org.bytedeco.ffmpeg.global.swresample.swr_init;

import io.gpa4j.AudioFormatException;
import io.gpa4j.GpaIoException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVChannelLayout;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.swresample.SwrContext;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** Decoding by avformat and avcodec, resampling by swresample. Loading this class fails where FFmpeg is not there. */
final class FfmpegAudio implements Ffmpeg {
  private static final FfmpegAudio INSTANCE = new FfmpegAudio();
  // Containers of sound; none that fetches other files (playlists), no network.
  private static final String FORMATS = "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,gsm,matroska,webm,mov,mp4,m4a,mp3,mpeg,"
      + "mpegts,ogg,rm,tta,voc,w64,wav,wv";
  // What sound in them is coded by. Nothing else is opened, not even to look at it: no pictures, no oddities that nobody has tended for years.
  private static final String DECODERS = "aac,aac_latm,ac3,eac3,alac,amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,ape,cook,dca,flac,gsm,gsm_ms,"
      + "mp1,mp1float,mp2,mp2float,mp3,mp3float,opus,libopus,speex,libspeex,tta,vorbis,wavpack,wmalossless,wmapro,wmav1,wmav2,wmavoice,"
      + "g722,g726,g726le,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,adpcm_sbpro_2,adpcm_sbpro_3,adpcm_sbpro_4,adpcm_yamaha,"
      + "pcm_alaw,pcm_mulaw,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_s8,pcm_u8,pcm_s16be,pcm_s16le,pcm_s16be_planar,pcm_s16le_planar,"
      + "pcm_s24be,pcm_s24le,pcm_s24le_planar,pcm_s32be,pcm_s32le,pcm_s32le_planar,pcm_s64be,pcm_s64le,pcm_u16be,pcm_u16le,pcm_u24be,pcm_u24le,"
      + "pcm_u32be,pcm_u32le,pcm_bluray,pcm_dvd";
  // In WAV files of the other byte order FFmpeg reads the header so, but not the samples.
  private static final Map<Integer, Integer> BIG_ENDIAN = Map.of(AV_CODEC_ID_PCM_S16LE, AV_CODEC_ID_PCM_S16BE, AV_CODEC_ID_PCM_S24LE, AV_CODEC_ID_PCM_S24BE,
      AV_CODEC_ID_PCM_S32LE, AV_CODEC_ID_PCM_S32BE, AV_CODEC_ID_PCM_F32LE, AV_CODEC_ID_PCM_F32BE, AV_CODEC_ID_PCM_F64LE, AV_CODEC_ID_PCM_F64BE);
  private static final int MAX_STREAMS = 64;
  private static final int MAX_FRAME_SAMPLES = 1 << 18;
  // A container may hold its sound compressed once more, but not without end: an index can name the same bytes a million times.
  private static final int MOST_READ_AGAIN = 16;

  static {
    av_log_set_level(AV_LOG_QUIET);
  }

  private FfmpegAudio() {}

  static Ffmpeg instance() {
    return INSTANCE;
  }

  @Override
  public void decode(Path file, String name, Planes out) {
    new Decoder(name, out).decode(file);
  }

  @Override
  public PcmSink.Resampler resampler(int fromRate, int toRate, int planes) {
    return new SwrResampler(fromRate, toRate, planes);
  }

  private static int check(int code, String name, String what) {
    if (code < 0) {
      byte[] text = new byte[256];
      av_strerror(code, text, text.length);
      int end = 0;
      while (end < text.length && text[end] != 0) {
        end++;
      }
      throw new AudioFormatException(name + ": " + what + ": " + new String(text, 0, end, StandardCharsets.UTF_8));
    }
    return code;
  }

  /** One file being decoded. */
  private static final class Decoder {
    private final String name;
    private final Planes out;
    private final AVIOContext bytes = new AVIOContext(null);
    private final AVFormatContext format = avformat_alloc_context();
    private final AVPacket packet = av_packet_alloc();
    private final AVFrame frame = av_frame_alloc();
    private AVCodecContext codec;
    private SwrContext toFloat;
    private int channels;
    private int rate;
    private PcmSink sink;

    Decoder(String name, Planes out) {
      this.name = name;
      this.out = out;
    }

    void decode(Path file) {
      try {
        AVStream stream = open(file);
        if (format.duration() > 0) {
          out.expect(Math.round((double) format.duration() * Pcm.SAMPLE_RATE / AV_TIME_BASE));
        }
        long left = MOST_READ_AGAIN * avio_size(bytes);
        while (av_read_frame(format, packet) >= 0) {
          left -= Math.max(1, packet.size());
          if (left < 0) {
            throw new AudioFormatException(name + ": its index names the same bytes again and again");
          }
          if (packet.stream_index() == stream.index()) {
            // A broken packet costs its own sound only.
            if (avcodec_send_packet(codec, packet) >= 0) {
              drain();
            }
          }
          av_packet_unref(packet);
        }
        avcodec_send_packet(codec, null);
        drain();
        if (sink == null) {
          throw new AudioFormatException(name + ": its audio cannot be decoded");
        }
        sink.finish();
      } finally {
        free();
      }
    }

    private AVStream open(Path file) {
      String url = "file:" + file.toAbsolutePath();
      try (Options options = new Options().with("protocol_whitelist", "file")) {
        check(avio_open2(bytes, url, AVIO_FLAG_READ, null, options.dictionary), name, "cannot be opened");
      }
      format.pb(bytes);
      format.max_streams(MAX_STREAMS);
      // This file is open: no container opens another one, of any protocol.
      try (Options options = new Options().with("format_whitelist", FORMATS).with("protocol_whitelist", "none").with("codec_whitelist", DECODERS)) {
        check(avformat_open_input(format, url, null, options.dictionary), name, "not an audio file that FFmpeg knows");
      }
      for (int i = 0; i < format.nb_streams(); i++) {
        if (format.streams(i).codecpar().codec_type() != AVMEDIA_TYPE_AUDIO) {
          format.streams(i).discard(AVDISCARD_ALL);
        }
      }
      check(avformat_find_stream_info(format, (PointerPointer<?>) null), name, "its streams cannot be found");
      int index = check(av_find_best_stream(format, AVMEDIA_TYPE_AUDIO, -1, -1, (AVCodec) null, 0), name, "no audio stream in it");
      AVCodecParameters parameters = format.streams(index).codecpar();
      if (isRifx(file)) {
        parameters.codec_id(BIG_ENDIAN.getOrDefault(parameters.codec_id(), parameters.codec_id()));
      }
      openDecoder(parameters);
      return format.streams(index);
    }

    private boolean isRifx(Path file) {
      try (InputStream in = Files.newInputStream(file)) {
        return new String(in.readNBytes(4), StandardCharsets.ISO_8859_1).equals("RIFX");
      } catch (IOException e) {
        throw new GpaIoException(name + ": cannot be read", e);
      }
    }

    private void openDecoder(AVCodecParameters parameters) {
      AVCodec decoder = avcodec_find_decoder(parameters.codec_id());
      if (decoder == null || decoder.isNull()) {
        throw new AudioFormatException(name + ": no decoder for its audio");
      }
      // What a container does not say, the first frame does.
      PcmSink.check(name, parameters.sample_rate() == 0 ? Pcm.SAMPLE_RATE : parameters.sample_rate(),
          parameters.ch_layout().nb_channels() == 0 ? 1 : parameters.ch_layout().nb_channels());
      codec = avcodec_alloc_context3(decoder);
      check(avcodec_parameters_to_context(codec, parameters), name, "its audio parameters cannot be used");
      codec.max_samples(MAX_FRAME_SAMPLES);
      try (Options options = new Options().with("codec_whitelist", DECODERS)) {
        check(avcodec_open2(codec, decoder, options.dictionary), name, "its decoder cannot be opened");
      }
    }

    private void drain() {
      while (true) {
        int code = avcodec_receive_frame(codec, frame);
        if (code < 0) {
          return;
        }
        take();
        av_frame_unref(frame);
      }
    }

    private void take() {
      if (sink == null) {
        rate = frame.sample_rate();
        channels = frame.ch_layout().nb_channels();
        sink = new PcmSink(name, rate, channels, out);
        toFloat = new SwrContext(null);
        check(swr_alloc_set_opts2(toFloat, frame.ch_layout(), AV_SAMPLE_FMT_FLT, rate, frame.ch_layout(), frame.format(), rate, 0, null),
            name, "its samples cannot be converted");
        check(swr_init(toFloat), name, "its samples cannot be converted");
      }
      if (frame.sample_rate() != rate || frame.ch_layout().nb_channels() != channels) {
        throw new AudioFormatException(name + ": its rate or channel count changes on the way");
      }
      int capacity = frame.nb_samples() + 32;
      try (FloatPointer made = new FloatPointer((long) capacity * channels);
          PointerPointer<Pointer> outs = new PointerPointer<Pointer>(1).put(0, made)) {
        int count = check(swr_convert(toFloat, outs, capacity, frame.extended_data(), frame.nb_samples()), name, "its samples cannot be converted");
        float[] samples = new float[count * channels];
        made.get(samples);
        sink.accept(samples, count);
      }
    }

    private void free() {
      if (sink != null) {
        sink.release();
      }
      swr_free(toFloat == null ? new SwrContext(null) : toFloat);
      if (codec != null) {
        avcodec_free_context(codec);
      }
      av_frame_free(frame);
      av_packet_free(packet);
      avformat_close_input(format);
      avio_closep(bytes);
    }
  }

  /** Options by name. */
  private static final class Options implements AutoCloseable {
    private final AVDictionary dictionary = new AVDictionary(null);

    Options with(String key, String value) {
      av_dict_set(dictionary, key, value, 0);
      return this;
    }

    @Override
    public void close() {
      av_dict_free(dictionary);
    }
  }

  /**
   * swresample with a long filter: 128 taps a phase, Kaiser window, pass band to 0.97 of the lower Nyquist frequency,
   * computed in doubles, without the linear interpolation between phases that inexact ratios would bring.
   */
  private static final class SwrResampler implements PcmSink.Resampler {
    private final SwrContext context = new SwrContext(null);
    private final int planes;

    SwrResampler(int fromRate, int toRate, int planes) {
      this.planes = planes;
      try (AVChannelLayout layout = new AVChannelLayout()) {
        av_channel_layout_default(layout, planes);
        String name = "resampling " + fromRate + " Hz to " + toRate + " Hz";
        check(swr_alloc_set_opts2(context, layout, AV_SAMPLE_FMT_FLT, toRate, layout, AV_SAMPLE_FMT_FLT, fromRate, 0, null),
            name, "not possible");
        check(av_opt_set_sample_fmt(context, "internal_sample_fmt", AV_SAMPLE_FMT_DBLP, 0), name, "internal_sample_fmt");
        check(av_opt_set_int(context, "filter_size", 128, 0), name, "filter_size");
        check(av_opt_set_int(context, "phase_shift", 10, 0), name, "phase_shift");
        check(av_opt_set_int(context, "exact_rational", 1, 0), name, "exact_rational");
        check(av_opt_set_int(context, "linear_interp", 1, 0), name, "linear_interp");
        check(av_opt_set_double(context, "cutoff", 0.97, 0), name, "cutoff");
        check(av_opt_set_double(context, "kaiser_beta", 12, 0), name, "kaiser_beta");
        check(swr_init(context), name, "not possible");
      }
    }

    @Override
    public void feed(float[][] in, int count, Planes out) {
      try (FloatPointer interleaved = new FloatPointer((long) count * planes)) {
        float[] samples = new float[count * planes];
        for (int p = 0; p < planes; p++) {
          for (int i = 0; i < count; i++) {
            samples[i * planes + p] = in[p][i];
          }
        }
        interleaved.put(samples);
        convert(interleaved, count, out);
      }
    }

    @Override
    public void finish(Planes out) {
      convert(null, 0, out);
    }

    private void convert(FloatPointer in, int count, Planes out) {
      int capacity = swr_get_out_samples(context, count) + 64;
      try (FloatPointer buffer = new FloatPointer((long) capacity * planes);
          PointerPointer<Pointer> outs = new PointerPointer<Pointer>(1).put(0, buffer);
          PointerPointer<Pointer> ins = in == null ? null : new PointerPointer<Pointer>(1).put(0, in)) {
        int made = check(swr_convert(context, outs, capacity, ins, count), "resampling", "failed");
        float[] samples = new float[made * planes];
        buffer.get(samples);
        float[][] split = new float[planes][made];
        for (int p = 0; p < planes; p++) {
          for (int i = 0; i < made; i++) {
            split[p][i] = samples[i * planes + p];
          }
        }
        out.accept(split, made);
      }
    }

    @Override
    public void close() {
      swr_free(context);
    }
  }
}
