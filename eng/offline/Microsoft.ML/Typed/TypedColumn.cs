using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>A member of a user type bound to a column: checked name, type and annotations.</summary>
internal sealed record TypedColumn(string Name, MemberInfo Member, DataViewType Type, DataViewSchema.Annotations Annotations)
{
    public Type MemberType => TypeOfMember(Member);

    public static Type TypeOfMember(MemberInfo member) => member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType;

    /// <summary>The element type of a member; throws where no column can have it.</summary>
    public static Type ItemTypeOf(MemberInfo member, out bool isVector)
    {
        Type item = RawTypes.ItemOf(TypeOfMember(member), out isVector);
        if (RawTypes.PrimitiveOrNull(item) is null && DataViewTypeManager.Find(member, item) is null)
            throw Errors.Param("rawType", $"Could not determine an IDataView type and registered custom types for member {member.Name}");
        return item;
    }

    public static TypedColumn[] Create(Type userType, SchemaDefinition.Direction direction) => Create(userType, SchemaDefinition.Create(userType, direction));

    public static TypedColumn[] Create(Type userType, SchemaDefinition definition) =>
        [.. (definition ?? SchemaDefinition.Create(userType)).Select(column => Bind(userType, column))];

    public static DataViewSchema SchemaOf(IEnumerable<TypedColumn> columns) =>
        DataViewSchema.Of(columns.Select(column => new DataViewSchema.DetachedColumn(column.Name, column.Type, column.Annotations)));

    private static TypedColumn Bind(Type userType, SchemaDefinition.Column column)
    {
        const string Parameter = "userSchemaDefinition";
        MemberInfo member = (MemberInfo)userType.GetField(column.MemberName) ?? userType.GetProperty(column.MemberName)
            ?? throw Errors.Param(Parameter, $"No field or property with name '{column.MemberName}' found in type '{userType.FullName}'");
        Type item = ItemTypeOf(member, out bool isVector);
        string name = string.IsNullOrEmpty(column.ColumnName) ? column.MemberName : column.ColumnName;
        DataViewType type = column.ColumnType
            ?? (isVector ? new VectorDataViewType(RawTypes.PrimitiveOrNull(item)) : RawTypes.PrimitiveOrNull(item));
        Errors.CheckParam(isVector == type is VectorDataViewType, Parameter,
            $"Column '{name}' is supposed to be {Rank(!isVector)}, but type of associated field '{column.MemberName}' is {Rank(isVector)}");
        Errors.CheckParam(RawTypes.ItemOf(type).RawType == item, Parameter,
            $"Column '{name}' is supposed to have item type {RawTypes.ItemOf(type).RawType}, but associated field has type {item}");
        return new TypedColumn(name, member, type, column.Annotations);
    }

    private static string Rank(bool vector) => vector ? "vector" : "scalar";
}
