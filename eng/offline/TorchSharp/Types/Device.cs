using System.Diagnostics.CodeAnalysis;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Where a tensor lives. An index of -1 is the type's current device.</summary>
    public class Device
    {
        public Device(string description)
        {
            string[] parts = description.Split(':');
            int index = -1;
            if (parts.Length > 2 || !TryParse(parts[0], out var parsed) || (parts.Length == 2 && !int.TryParse(parts[1], out index)))
                throw new ArgumentException($"'{description}' is not a device; 'cpu', 'cuda' or 'cuda:0' is expected", nameof(description));
            (type, this.index) = (parsed, index);
        }

        public Device(string deviceType, int index = -1)
            : this(TryParse(deviceType, out var parsed) ? parsed : throw new ArgumentException($"'{deviceType}' is not a device type", nameof(deviceType)), index) { }

        public Device(DeviceType deviceType, int index = -1) => (type, this.index) = (deviceType, index);

        public Device(int index) => (type, this.index) = (DeviceType.CUDA, index);

        public DeviceType type { get; }

        public int index { get; }

        internal long Packed => ((long)type << 16) | (uint)(index & 0xff);

        public static implicit operator Device(string description) => new(description);

        public override string ToString() => index < 0 ? Name : $"{Name}:{index}";

        private string Name => type.ToString().ToLowerInvariant();

        private static bool TryParse(string text, [NotNullWhen(true)] out DeviceType type) =>
            Enum.TryParse(text, ignoreCase: true, out type) && Enum.IsDefined(type);
    }

    public static readonly Device CPU = new(DeviceType.CPU);
    public static readonly Device META = new(DeviceType.META);

    public static Device CUDA
    {
        get
        {
            InitializeDeviceType(DeviceType.CUDA);
            return new Device(DeviceType.CUDA);
        }
    }

    public static Device device(string description) => InitializeDevice(new Device(description));

    public static Device device(string deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    public static Device device(DeviceType deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    public static Device device(int index) => new(index);

    public static Device InitializeDevice(Device? device)
    {
        device ??= CPU;
        InitializeDeviceType(device.type);
        return device;
    }

    public static void InitializeDeviceType(DeviceType deviceType)
    {
        Loader.Ensure();
        if (deviceType == DeviceType.CUDA && Shim.ct_cuda_devices() == 0)
            throw new InvalidOperationException("Torch device type CUDA did not initialise on the current machine.");
        if (deviceType is not (DeviceType.CPU or DeviceType.CUDA or DeviceType.META))
            throw new InvalidOperationException($"Torch device type {deviceType} did not initialise on the current machine.");
    }

    public static bool TryInitializeDeviceType(DeviceType deviceType)
    {
        try
        {
            InitializeDeviceType(deviceType);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
