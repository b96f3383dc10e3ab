namespace Parley.Voice;

/// <summary>The fast Fourier transform, in place (Cooley and Tukey).</summary>
internal static class Fourier
{
    /// <summary>Transforms as many points as there are: a power of two.</summary>
    public static void Transform(double[] real, double[] imaginary)
    {
        int points = real.Length;
        for (int i = 1, j = 0; i < points; i++)
        {
            int bit = points >> 1;
            for (; (j & bit) != 0; bit >>= 1) j ^= bit;
            j ^= bit;
            if (i < j) (real[i], real[j], imaginary[i], imaginary[j]) = (real[j], real[i], imaginary[j], imaginary[i]);
        }

        for (int length = 2; length <= points; length <<= 1)
        {
            double angle = -2 * Math.PI / length;
            for (int k = 0; k < length / 2; k++)
            {
                double cosine = Math.Cos(angle * k), sine = Math.Sin(angle * k);
                for (int a = k; a < points; a += length)
                {
                    int b = a + (length / 2);
                    double productReal = (real[b] * cosine) - (imaginary[b] * sine), productImaginary = (real[b] * sine) + (imaginary[b] * cosine);
                    (real[b], imaginary[b]) = (real[a] - productReal, imaginary[a] - productImaginary);
                    (real[a], imaginary[a]) = (real[a] + productReal, imaginary[a] + productImaginary);
                }
            }
        }
    }
}
