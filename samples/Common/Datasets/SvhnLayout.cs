using System.Globalization;
using Microsoft.ML.Continual.Samples.Datasets.Matlab;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>SVHN's cropped digits: <c>train_32x32.mat</c> and <c>test_32x32.mat</c>, each with the images X [32, 32, 3, N] and their labels y [N], 1 to 10, where 10 is the digit 0.</summary>
internal static class SvhnLayout
{
    private const string Train = "train_32x32.mat", Test = "test_32x32.mat";
    private const int Side = 32, Pixels = 3 * Side * Side;

    public static ImageFiles? TryRead(string folder) => !File.Exists(Path.Combine(folder, Train)) && !File.Exists(Path.Combine(folder, Test)) ? null
        : DatasetSource.Svhn.Guard(folder, () => new ImageFiles("SVHN", [.. Read(DatasetSource.Require(folder, Train))], [.. Read(DatasetSource.Require(folder, Test))]));

    private static IEnumerable<LabeledImage> Read(string path)
    {
        MatArray[] arrays = MatFile.Read(path, "X", "y");
        (MatArray images, MatArray labels) = (arrays[0], arrays[1]);
        // MATLAB drops a last size of 1.
        if (images.Type != MatType.UInt8 || images.Shape is not ([Side, Side, 3] or [Side, Side, 3, _]))
            throw new InvalidDataException($"'{path}', 'X': expected bytes of [{Side}, {Side}, 3, N]; found {images.Type} of [{string.Join(", ", images.Shape)}]");
        long count = images.Count / Pixels;
        if (labels.Count != count) throw new InvalidDataException($"'{path}', 'y': expected {count} labels, one for each image of 'X'; found {labels.Count}");
        double[] digits = labels.ReadNumbers();
        for (int i = 0; i < digits.Length; i++)
        {
            double digit = digits[i];
            if (digit is < 0 or > 10 || digit != Math.Floor(digit)) throw new InvalidDataException($"'{path}', 'y': expected labels from 1 to 10; found {digit.ToString(CultureInfo.InvariantCulture)}");
            long at = images.Offset + (long)i * Pixels;
            yield return new LabeledImage(((int)digit % 10).ToString("00", CultureInfo.InvariantCulture), () => RawImage.FromPlanes(Transpose(images.File.Read(at, Pixels)), Side, Side));
        }
    }

    // [channel, column, row] as MATLAB has it -> [channel, row, column]
    private static byte[] Transpose(byte[] pixels)
    {
        byte[] planes = new byte[Pixels];
        for (int c = 0; c < 3; c++)
            for (int x = 0; x < Side; x++)
                for (int y = 0; y < Side; y++)
                    planes[(c * Side + y) * Side + x] = pixels[(c * Side + x) * Side + y];
        return planes;
    }
}
