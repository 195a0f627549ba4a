r"""The codec: frames of 160 samples at 8 kHz to packets and back; no files, no printing.

Four packages. `encoder` and `decoder` do not know each other; both stand on `common`, which stands
on `format`::

    encoder    decoder
        \       /
         common
           |
         format

The encoder, `encoder.frame`. The upper part runs once per frame, except that the filters are
interpolated for each subframe of 40 samples. The lower part runs once per subframe::

    samples --> high-pass --> linear prediction --> LSF --> LSF search --> lsf indices
                highpass      analysis, window              lsf_search
                                     | A(z)                     | A_q(z), quantized
                                     v                          v
                              W(z), and the impulse response h of W(z) / A_q(z)
                              weighting

    speech --(-)--> W(z) --> target x --(-)--> updated target --(-)--> weighted error --> minimum
              |                          |                       |
         zero-input                    g_p y                   g_c z
         response of                     |                       |
         1/A_q(z)         y = h * past excitation at lag T    z = h * sharpened code vector
         weighting        adaptive_search --> lag             fixed_search --> fcb
                                                              gain_search --> gain: g_p, g_c

Several survivors (`survivors`) and their lags (`pairs`) compete until the frame ends. The memory
update of a survivor is `common.synthesis`, as in the decoder. The code vector is sharpened by the
comb 1 / (1 - beta z^-T). `vad` and `dtx` code pauses, `presets` says how wide each search is,
`products` and `ranking` do the arithmetic.

The decoder, `decoder.frame`::

    lag ---> adaptive codebook ---- g_p --+
    gain --> gains: g_p, g_c             (+)-> excitation -> 1/A_q(z) -> comb filter, FIR filter
    fcb ---> fixed codebook and --- g_c --+        |         synthesis   enhancement  |
             sharpening                            v                                  v
    lsf ---> lsf_dequantizer: A_q(z)         past excitation                       speech

Everything up to 1/A_q(z) is in `common`, since the encoder runs it too. A small network,
`enhancement_network`, finds the taps of the last two filters from `enhancement_features`. In lost
frames `concealment` makes the excitation, in pauses `common.comfort_noise`. `format` defines
packets.
"""
