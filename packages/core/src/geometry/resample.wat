;; The two inner loops of `cropAndResizeHost`, four channels (or four floats) at a time. `npm run build:wasm` in this package
;; turns this file into resample-wasm.ts.
(module
  (memory (export "memory") 1)

  ;; One row of pixels to `size` pixels: result[x, c] = sum_k weight[x, k] * pixels[index[x, k] + c].
  ;; pixels: uint8, three bytes beyond the row are read; index: int32 byte offsets; result: float32, up to three floats
  ;; beyond the row are written.
  (func (export "columns")
    (param $pixels i32) (param $index i32) (param $weight i32) (param $taps i32)
    (param $size i32) (param $channels i32) (param $result i32)
    (local $channel i32) (local $k i32) (local $sum v128)
    (loop $pixel
      (local.set $channel (i32.const 0))
      (loop $group
        (local.set $sum (v128.const f32x4 0 0 0 0))
        (local.set $k (i32.const 0))
        (loop $tap
          (local.set $sum
            (f32x4.add
              (local.get $sum)
              (f32x4.mul
                (v128.load32_splat (i32.add (local.get $weight) (local.get $k)))
                (f32x4.convert_i32x4_s
                  (i32x4.extend_low_i16x8_u
                    (i16x8.extend_low_i8x16_u
                      (v128.load32_zero
                        (i32.add
                          (i32.add (local.get $pixels) (local.get $channel))
                          (i32.load (i32.add (local.get $index) (local.get $k)))))))))))
          (local.set $k (i32.add (local.get $k) (i32.const 4)))
          (br_if $tap (i32.lt_s (local.get $k) (i32.shl (local.get $taps) (i32.const 2)))))
        (v128.store (i32.add (local.get $result) (i32.shl (local.get $channel) (i32.const 2))) (local.get $sum))
        (local.set $channel (i32.add (local.get $channel) (i32.const 4)))
        (br_if $group (i32.lt_s (local.get $channel) (local.get $channels))))
      (local.set $index (i32.add (local.get $index) (i32.shl (local.get $taps) (i32.const 2))))
      (local.set $weight (i32.add (local.get $weight) (i32.shl (local.get $taps) (i32.const 2))))
      (local.set $result (i32.add (local.get $result) (i32.shl (local.get $channels) (i32.const 2))))
      (local.set $size (i32.sub (local.get $size) (i32.const 1)))
      (br_if $pixel (local.get $size))))

  ;; A sum of rows over 255: result[j] = sum_k weight[k] * row[k][j] / 255, for j < length.
  ;; row: int32 addresses of float32 rows; of these and of the result up to seven floats beyond `length` are touched.
  (func (export "rows")
    (param $row i32) (param $weight i32) (param $taps i32) (param $length i32) (param $result i32)
    (local $j i32) (local $k i32) (local $address i32) (local $w v128) (local $low v128) (local $high v128)
    (loop $floats
      (local.set $low (v128.const f32x4 0 0 0 0))
      (local.set $high (v128.const f32x4 0 0 0 0))
      (local.set $k (i32.const 0))
      (loop $tap
        (local.set $w (v128.load32_splat (i32.add (local.get $weight) (local.get $k))))
        (local.set $address
          (i32.add (i32.load (i32.add (local.get $row) (local.get $k))) (i32.shl (local.get $j) (i32.const 2))))
        (local.set $low (f32x4.add (local.get $low) (f32x4.mul (local.get $w) (v128.load (local.get $address)))))
        (local.set $high
          (f32x4.add (local.get $high) (f32x4.mul (local.get $w) (v128.load offset=16 (local.get $address)))))
        (local.set $k (i32.add (local.get $k) (i32.const 4)))
        (br_if $tap (i32.lt_s (local.get $k) (i32.shl (local.get $taps) (i32.const 2)))))
      (local.set $address (i32.add (local.get $result) (i32.shl (local.get $j) (i32.const 2))))
      (v128.store (local.get $address) (f32x4.div (local.get $low) (v128.const f32x4 255 255 255 255)))
      (v128.store offset=16 (local.get $address) (f32x4.div (local.get $high) (v128.const f32x4 255 255 255 255)))
      (local.set $j (i32.add (local.get $j) (i32.const 8)))
      (br_if $floats (i32.lt_s (local.get $j) (local.get $length))))))
