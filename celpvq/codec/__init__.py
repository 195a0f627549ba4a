r"""The codec: frames of 160 samples at 8 kHz to packets and back, without files and printing.

Four packages. `encoder` and `decoder` do not know each other; both stand on `common`, which stands
on `format`::

    encoder    decoder
        \       /
         common
           |
         format

The encoder, `encoder.frame`, once per subframe of 40 samples but for the first row::

    samples -> high-pass -> linear prediction -> LSF -> LSF search ---------> lsf indices
               highpass     analysis, window            lsf_search                |
                                  | A(z)                                          v
                                  v                                 1/A_q(z), quantized
    speech --(-)-> W(z) -> target x --(-)-> updated target --(-)-> weighted error -> minimum
              |    weighting           |                      |
         zero-input                  g_p y                  g_c z
          response                     |                      |
                        y = h * past excitation      z = h * code vector, sharpened
                        adaptive_search -> lag       fixed_search -> fcb, gain_search -> gain

h is the impulse response of the weighted synthesis filter W(z) / A_q(z), from `weighting`. Several
survivors (`survivors`) and their lags (`pairs`) compete until the frame ends. `vad` and `dtx` code
pauses, `presets` says how wide each search is, `products` and `ranking` do the arithmetic.

The decoder, `decoder.frame`::

    lag ---> adaptive codebook -- g_p --+
    gain --> gains, predicted          (+)-> excitation -> 1/A_q(z) -> comb filter, FIR filter
    fcb ---> fixed codebook ----- g_c --+        |         synthesis   enhancement
             and sharpening                      v
    lsf ---> lsf_dequantizer -> A_q(z)    past excitation

Everything up to 1/A_q(z) is in `common`, since the encoder runs it too. `enhancement_network`
finds the taps of both filters from `enhancement_features`; `common.enhancement_tables` describes
its weights. `concealment` replaces the excitation of lost frames, `common.comfort_noise` that of
pauses. `format` defines packets.
"""
