using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>The register of column types beyond the primitive ones: .NET type plus attribute to <see cref="DataViewType"/> and back.</summary>
public static class DataViewTypeManager
{
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<(Type Type, DataViewTypeAttribute Attribute), DataViewType> s_types = [];

    /// <summary>Registers a column type for members of a .NET type that carry one of the attributes.</summary>
    public static void Register(DataViewType dataViewType, Type type, IEnumerable<Attribute> typeAttributes) =>
        Register(dataViewType, type, Marker(typeAttributes));

    /// <summary>Registers a column type for members of a .NET type that carry the attribute (or none).</summary>
    /// <exception cref="InvalidOperationException">The pair is registered for another column type already.</exception>
    public static void Register(DataViewType dataViewType, Type type, DataViewTypeAttribute typeAttribute = null)
    {
        ArgumentNullException.ThrowIfNull(dataViewType);
        ArgumentNullException.ThrowIfNull(type);
        if (dataViewType.RawType != type)
            throw Errors.Param(nameof(type), $"Type {type.FullName} is not the raw type of {dataViewType}.");
        lock (s_lock)
        {
            if (s_types.TryGetValue((type, typeAttribute), out DataViewType known) && !known.Equals(dataViewType))
                throw new InvalidOperationException($"{type.FullName} has been associated with {known} already, so it cannot be {dataViewType}.");
            s_types[(type, typeAttribute)] = dataViewType;
        }
    }

    internal static DataViewType Find(Type type, IEnumerable<Attribute> attributes)
    {
        lock (s_lock)
            return s_types.GetValueOrDefault((type, Marker(attributes)));
    }

    internal static DataViewType Find(MemberInfo member, Type type) => Find(type, member.GetCustomAttributes());

    private static DataViewTypeAttribute Marker(IEnumerable<Attribute> attributes) =>
        attributes?.OfType<DataViewTypeAttribute>().SingleOrDefault();
}
