using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Which members of a user type are columns, under which names and types. Made by reflection, then changed at will.</summary>
public sealed class SchemaDefinition : List<SchemaDefinition.Column>
{
    private SchemaDefinition()
    {
    }

    /// <summary>The first column of a name; null if there is none. Setting replaces it, or adds.</summary>
    public Column this[string columnName]
    {
        get => this.FirstOrDefault(column => column.ColumnName == columnName);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Errors.CheckParam(value.ColumnName == columnName, nameof(columnName),
                $"The column name is specified as '{value.ColumnName}' but must match the selector '{columnName}'.");
            int index = FindIndex(column => column.ColumnName == columnName);
            if (index >= 0)
                this[index] = value;
            else
                Add(value);
        }
    }

    /// <summary>The columns of the public fields and properties of a type: fields first, then properties.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A member has a type that no column can have, or two have one name.</exception>
    public static SchemaDefinition Create(Type userType, Direction direction = Direction.Both)
    {
        ArgumentNullException.ThrowIfNull(userType);
        var definition = new SchemaDefinition();
        var names = new HashSet<string>();
        foreach (MemberInfo member in Members(userType, direction).Where(IsColumn))
        {
            DataViewTypeAttribute[] markers = [.. member.GetCustomAttributes<DataViewTypeAttribute>()];
            Errors.CheckParam(markers.Length < 2, nameof(userType), $"Member {member.Name} cannot be marked with several attributes derived from {typeof(DataViewTypeAttribute)}.");
            foreach (DataViewTypeAttribute marker in markers)
                marker.Register();
            string name = member.GetCustomAttribute<ColumnNameAttribute>()?.Name ?? member.Name;
            Errors.CheckParam(names.Add(name), nameof(userType), $"Duplicate column name '{name}' detected, this is disallowed");
            definition.Add(new Column(member.Name, TypeOf(member), name));
        }
        return definition;
    }

    /// <summary>The definition of a type whose columns take types and annotations from a schema.</summary>
    internal static SchemaDefinition FromSchema(Type userType, DataViewSchema schema)
    {
        SchemaDefinition definition = Create(userType, Direction.Read);
        foreach (DataViewSchema.Column column in schema)
        {
            Column member = definition[column.Name]
                ?? throw new InvalidOperationException($"Type should contain a member named {column.Name}");
            member.ColumnType = column.Type;
            foreach (DataViewSchema.Column annotation in column.Annotations.Schema)
                member.Added[annotation.Name] = (annotation.Type, column.Annotations.GetterAt(annotation.Index));
        }
        return definition;
    }

    private static IEnumerable<MemberInfo> Members(Type type, Direction direction)
    {
        const BindingFlags PublicInstance = BindingFlags.Public | BindingFlags.Instance;
        var properties = type.GetProperties(PublicInstance).Where(property =>
            ((direction.HasFlag(Direction.Read) && property.GetGetMethod() is not null)
                || (direction.HasFlag(Direction.Write) && property.GetSetMethod() is not null))
            && property.GetIndexParameters().Length == 0);
        return type.GetFields(PublicInstance).Concat<MemberInfo>(properties);
    }

    private static bool IsColumn(MemberInfo member) =>
        TypedColumn.TypeOfMember(member) != typeof(IChannel) && member is not FieldInfo { IsLiteral: true } && member.GetCustomAttribute<NoColumnAttribute>() is null;

    private static DataViewType TypeOf(MemberInfo member)
    {
        Type item = TypedColumn.ItemTypeOf(member, out bool isVector);
        if (DataViewTypeManager.Find(member, item) is DataViewType registered)
            return registered;
        PrimitiveDataViewType primitive = RawTypes.PrimitiveOrNull(item);
        if (member.GetCustomAttribute<KeyTypeAttribute>() is KeyTypeAttribute key)
        {
            Errors.CheckParam(KeyDataViewType.IsValidDataType(item), "userType",
                $"Member {member.Name} marked with KeyType attribute, but does not appear to be a valid kind of data for a key type");
            primitive = new KeyDataViewType(item, key.KeyCount is null ? KeyDataViewType.MaxCount(item) : key.KeyCount.Count.GetValueOrDefault());
        }
        int[] dimensions = member.GetCustomAttribute<VectorTypeAttribute>()?.Dimensions;
        Errors.CheckParam(isVector || member.GetCustomAttribute<VectorTypeAttribute>() is null, "userType",
            $"Member {member.Name} marked with {nameof(VectorTypeAttribute)}, but does not appear to be a vector type");
        return !isVector ? primitive : dimensions is { Length: > 0 } ? new VectorDataViewType(primitive, dimensions) : new VectorDataViewType(primitive);
    }

    /// <summary>A column of a user type.</summary>
    public sealed class Column
    {
        internal Dictionary<string, (DataViewType Type, Delegate Getter)> Added { get; } = [];

        internal Column(string memberName, DataViewType columnType, string columnName)
        {
            MemberName = memberName;
            ColumnType = columnType;
            ColumnName = columnName;
        }

        /// <summary>The field or property.</summary>
        public string MemberName { get; }

        /// <summary>The name in the view; null for the member's.</summary>
        public string ColumnName { get; set; }

        /// <summary>The type in the view; null to take the member's.</summary>
        public DataViewType ColumnType { get; set; }

        /// <summary>The annotations added.</summary>
        public DataViewSchema.Annotations Annotations
        {
            get
            {
                var builder = new DataViewSchema.Annotations.Builder();
                foreach ((string kind, (DataViewType type, Delegate getter)) in Added)
                    builder.Add(kind, type, getter);
                return builder.ToAnnotations();
            }
        }

        /// <summary>Adds an annotation. An array or a <see cref="VBuffer{T}"/> goes with a vector type, a string with text.</summary>
        /// <exception cref="InvalidOperationException">There is one of that kind, or the value does not suit the type.</exception>
        public void AddAnnotation<T>(string kind, T value, DataViewType annotationType)
        {
            ArgumentNullException.ThrowIfNull(kind);
            ArgumentNullException.ThrowIfNull(annotationType);
            Errors.Check(!Added.ContainsKey(kind), "Column already contains an annotation of this kind.");
            Added[kind] = (annotationType, ConstantGetter.Of(value, annotationType));
        }
    }

    /// <summary>Which properties count: those that can be read, written, or either.</summary>
    [Flags]
    public enum Direction
    {
        /// <summary>Those with a public getter.</summary>
        Read = 1,

        /// <summary>Those with a public setter.</summary>
        Write = 2,

        /// <summary>Both.</summary>
        Both = Read | Write,
    }
}
