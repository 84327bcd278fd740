using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>The register of column types beyond the primitive ones: .NET type plus attribute to <see cref="DataViewType"/> and back.</summary>
public static class DataViewTypeManager
{
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<(Type Type, DataViewTypeAttribute Attribute), DataViewType> s_types = [];
    private static readonly Dictionary<DataViewType, (Type Type, DataViewTypeAttribute Attribute)> s_members = [];

    /// <summary>Registers a column type for members of a .NET type that carry one of the attributes.</summary>
    public static void Register(DataViewType dataViewType, Type type, IEnumerable<Attribute> typeAttributes) =>
        Register(dataViewType, type, Marker(typeAttributes));

    /// <summary>Registers a column type for members of a .NET type that carry the attribute (or none).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The pair has another column type already, or the column type another pair.</exception>
    public static void Register(DataViewType dataViewType, Type type, DataViewTypeAttribute typeAttribute = null)
    {
        lock (s_lock)
        {
            (Type, DataViewTypeAttribute) member = (type, typeAttribute);
            if (s_types.TryGetValue(member, out DataViewType known) && !known.Equals(dataViewType))
                throw Errors.Param(nameof(type), $"Repeated type register. The raw type {type} has been associated with {known} so it cannot be associated with {dataViewType}.");
            if (s_members.TryGetValue(dataViewType, out (Type Type, DataViewTypeAttribute Attribute) other) && !other.Equals(member))
                throw Errors.Param(nameof(dataViewType), $"Repeated type register. The DataView type {dataViewType} has been associated with {other.Type} so it cannot be associated with {type}.");
            s_types[member] = dataViewType;
            s_members[dataViewType] = member;
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
